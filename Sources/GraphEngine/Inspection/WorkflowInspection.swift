import Diagnostics
import YAMLTree

/// A workflow file as an editor sees it: its problems, and what is known of its places.
package struct WorkflowInspection {
  /// The path it was asked for by.
  package let path: String
  /// The text that places refer to: the file's, or what was made of it where it is no YAML.
  ///
  /// Nil when the file cannot be read.
  package let file: SourceFile?
  /// What `WorkflowLoader.check` tells; of a file that is no YAML also what can be told of the rest.
  package let diagnostics: [Diagnostic]
  /// What the file holds; empty for what is no workflow.
  package let symbols: [WorkflowSymbol]
  /// Every file that was looked at, by path.
  package let paths: Set<String>
  /// How many nodes of a run stand at an address such as `sample/next`, or below it, the iterations of loops taken together.
  package let nodeCounts: [String: Int]
  /// Whether the file was read as a workflow, as far as it is one.
  package let isWorkflow: Bool
  private let reading: Annotations?
  private let binding: Annotations?

  /// Words of the file whose meaning is known, in no order.
  package var marks: [Mark] {
    guard let file else { return [] }
    return [reading?.marks, binding?.marks].compactMap { $0 }.flatMap { marks in
      marks.values.lazy.flatMap { $0 }.filter { $0.location.file === file }
    }
  }

  /// Words of all files whose meaning is known, those of the files it calls too.
  package var allMarks: [Mark] { [reading?.marks, binding?.marks].compactMap { $0 }.flatMap { $0.values.joined() } }

  /// What could stand where a text starts.
  package func expectation(line: Int, column: Int) -> Expectation? {
    guard let file else { return nil }
    let location = SourceLocation(file: file, line: line, column: column)
    return binding?.expectations[location] ?? reading?.expectations[location]
  }
}

/// A named part of a workflow.
package struct WorkflowSymbol {
  package enum Kind { case param, input, node, loop, call, output }

  package let name: String
  package let kind: Kind
  /// Such as a node's type.
  package let detail: String
  /// Where its name is written.
  package let location: SourceLocation
  /// Such as `sample/next`, for nodes, loops and calls.
  package let address: String
  package let children: [WorkflowSymbol]
}

extension WorkflowLoader {
  /// Looks at a file without a run in mind, as `check` does.
  ///
  /// - Parameters:
  ///   - cache: keeps what is read for the next time.
  ///   - unrolls: false: loops stay loops, and what only their values tell is not told.
  ///   - extent: what is taken note of; nil: nothing.
  package func inspect(
    _ path: String, cache: DocumentCache, unrolls: Bool = true, noting extent: Annotations.Extent? = nil
  ) -> WorkflowInspection {
    let binding = extent.map(Annotations.init)
    let resolution = WorkflowResolution(self, path, cache: cache, extent: extent, annotations: binding)
    if let nodes = resolution.checkedNodes(unrolls: unrolls) {
      return WorkflowInspection(path, resolution, nodes, binding, diagnostics: resolution.problems)
    }
    guard let file = resolution.documents.outcomes[path]?.file, let recovered = file.recoveredYAML(),
      !recovered.changedLines.isEmpty
    else { return WorkflowInspection(path, resolution, [], binding, diagnostics: resolution.problems) }
    let rest = WorkflowResolution(self, path, cache: cache, extent: extent, annotations: binding)
    let document = ReadDocument(recovered.file, ids: cache.ids, extent: extent)
    rest.documents.use(document, at: path)
    let nodes = rest.checkedNodes(unrolls: unrolls) ?? []
    // What was put in or left out to make it YAML is not for the person to mend.
    let more = (document.document == nil ? [] : rest.problems).filter { diagnostic in
      diagnostic.location.map { $0.file !== recovered.file || !recovered.changedLines.contains($0.line) } ?? true
    }
    return WorkflowInspection(path, rest, nodes, binding, diagnostics: resolution.problems + more)
  }
}

extension WorkflowInspection {
  fileprivate init(
    _ path: String, _ resolution: WorkflowResolution, _ nodes: [ResolvedNode], _ binding: Annotations?,
    diagnostics: [Diagnostic]
  ) {
    let own = resolution.documents.outcomes[path]
    self.path = path
    self.binding = binding
    self.diagnostics = diagnostics
    file = own?.file
    reading = own?.annotations
    isWorkflow = own?.document != nil
    symbols = own?.document.map { WorkflowSymbol.all(in: $0, below: "") } ?? []
    paths = Set(resolution.documents.outcomes.keys)
    var counts: [String: Int] = [:]
    for node in nodes {
      let address = FoldedAddress(node.address).text
      for index in address.indices where address[index] == "/" { counts[String(address[..<index]), default: 0] += 1 }
      counts[address, default: 0] += 1
    }
    nodeCounts = counts
  }
}

extension WorkflowSymbol {
  /// - Parameter address: of what the document is called by, with a slash at its end.
  fileprivate static func all(in document: WorkflowDocument, below address: String) -> [WorkflowSymbol] {
    func leaf(_ name: Located<String>, _ kind: Kind, _ detail: String) -> WorkflowSymbol {
      WorkflowSymbol(
        name: name.value, kind: kind, detail: detail, location: name.location, address: "", children: [])
    }
    return document.params.map { leaf($0.name, .param, $0.type?.name ?? "") }
      + document.inputs.map { leaf($0.name, .input, $0.type?.value ?? "") } + all(document.members, below: address)
      + document.outputs.map { leaf($0.name, .output, $0.wire?.text ?? "") }
  }

  private static func all(_ members: [MemberDocument], below address: String) -> [WorkflowSymbol] {
    members.map { member in
      let own = address + member.name.value
      let (kind, detail, children): (Kind, String, [WorkflowSymbol]) =
        switch member.content {
        case nil: (.node, "", [])
        case .node(let node): (.node, node.type?.value ?? "", [])
        case .loop(let loop): (.loop, loop.text, all(loop.members, below: own + "/"))
        case .graph(let graph):
          switch graph.source {
          case .file(let literal): (.call, literal.text, [])
          case .inline(let document): (.call, "", all(in: document, below: own + "/"))
          }
        }
      return WorkflowSymbol(
        name: member.name.value, kind: kind, detail: detail, location: member.name.location, address: own,
        children: children)
    }
  }
}

extension LoopDocument {
  fileprivate var text: String {
    switch range {
    case .times(let times): "\(times.text) times"
    case .between(let from, let to): "\(from.text) to \(to.text)"
    case nil: ""
    }
  }
}

/// Names that workflows give, and those that they are given.
package enum WorkflowName {
  /// What can be called inside `$(...)`.
  package static var functions: [String] { Operation.functions.map(\.rawValue) }

  /// - Parameter allowsHyphen: as in names of nodes.
  package static func isName(_ text: String, allowsHyphen: Bool) -> Bool {
    text.unicodeScalars.first?.isNameStart == true && !ReservedName.all.contains(text)
      && text.unicodeScalars.allSatisfy { $0.isNamePart || allowsHyphen && $0 == "-" }
  }
}
