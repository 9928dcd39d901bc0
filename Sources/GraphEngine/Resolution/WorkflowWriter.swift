import YAMLTree

/// Writes the one self-contained file that a resolved workflow embeds in its results.
///
/// Params have the values of the run as defaults, subgraphs stand inline, loops stay loops. The file means the same when it
/// lies in the working directory: paths to read are rewritten, and none is absolute.
struct WorkflowWriter {
  /// What paths are used for, by the literal that holds or begins them.
  let roles: [DocumentID: Binder.RoleUse]
  /// Literals that begin with a param whose value is an absolute path.
  let absolutePaths: Set<DocumentID>
  let workingDirectory: String

  func text(of workflow: DocumentInstance, sweep: BoundSweep? = nil) -> String {
    value(of: workflow, isFile: true, sweep: sweep).document
  }

  private func value(of instance: DocumentInstance, isFile: Bool, sweep: BoundSweep? = nil) -> YAMLValue {
    let document = instance.document
    let inputs = document.inputs.map { input in
      YAMLField(
        input.name.value,
        .mapping(
          ("type", input.type.map { input.isList ? .list([.text($0.value)]) : .text($0.value) }),
          ("optional", input.isOptional ? .plain("true") : nil),
          ("default", input.standIn.map { .text($0.value) }),
          ("formerly", input.formerName.map { .text($0.value) }),
          ("description", input.description.map { .text($0) })))
    }
    return .mapping(
      ("stepgraph", isFile ? .plain(String(DocumentReader.formatVersion)) : nil),
      ("description", document.description.map { .text($0) }),
      ("params", mapping(document.params.map { YAMLField($0.name.value, value(of: $0, in: instance)) })),
      ("inputs", mapping(inputs)), ("nodes", value(of: document.members, in: instance)),
      ("outputs", value(of: document.outputs)), ("sweep", sweep.map(value)))
  }

  private func value(of sweep: BoundSweep) -> YAMLValue {
    func value(_ axis: Int, _ index: Int) -> YAMLValue {
      let value = sweep.axes[axis].values[index]
      guard case .known(let known) = value.content else { return .text("") }
      return self.value(known, origin: value.origin)
    }
    return .mapping(
      (
        "matrix",
        .mapping(
          sweep.axes.indices.map { axis in
            YAMLField(sweep.axes[axis].name, .list(sweep.axes[axis].values.indices.map { value(axis, $0) }))
          })
      ),
      (
        "exclude",
        sweep.exclusions.isEmpty
          ? nil
          : .list(
            sweep.exclusions.map { exclusion in
              .mapping(exclusion.map { YAMLField(sweep.axes[$0.axis].name, value($0.axis, $0.value)) })
            })
      ))
  }

  // MARK: Params

  private func value(of param: ParamDocument, in instance: DocumentInstance) -> YAMLValue {
    var options: YAMLValue?
    if case .choice(let texts) = param.type?.item { options = .list(texts.map { .text($0) }) }
    let type = param.type.map { type -> YAMLValue in
      if case .list(let item) = type { .list([.text(item.name)]) } else { .text(type.name) }
    }
    return .mapping(
      ("type", type),
      ("default", standard(of: param, in: instance)),
      ("min", param.min.map { .plain($0.text) }), ("max", param.max.map { .plain($0.text) }), ("options", options),
      ("description", param.description.map { .text($0) }))
  }

  private func standard(of param: ParamDocument, in instance: DocumentInstance) -> YAMLValue? {
    guard let value = instance.values[param.name.value] else { return param.defaultValue.map { self.value(of: $0) } }
    guard case .known(let known) = value.content else { return nil }
    // What follows from other params still follows from them; of a path that nothing uses, nothing says how.
    if value.isDerived, let written = param.defaultValue, value.origin.map({ roles[$0.literal] != nil }) ?? true {
      return self.value(of: written)
    }
    return self.value(known, origin: value.origin)
  }

  /// Whether a value of a sweep is written alike where it is used and where another one is used in its place.
  func readsTheSame(_ value: NamedValue) -> Bool {
    guard let origin = value.origin, case .known(let known) = value.content else { return true }
    let unused = WorkflowWriter(roles: [:], absolutePaths: absolutePaths, workingDirectory: workingDirectory)
    return path(known.text, origin: origin) == unused.path(known.text, origin: origin)
  }

  private func value(_ value: ParameterValue, origin: PathOrigin?) -> YAMLValue {
    switch value {
    case .int, .float, .bool: .plain(value.text)
    case .list(let items): .list(items.map { self.value($0, origin: nil) })
    case .string, .path, .absent: .text(Literal.escaped(path(value.text, origin: origin)))
    }
  }

  /// A path of a param as it is seen from the working directory; `text` itself when it is no path.
  private func path(_ text: String, origin: PathOrigin?) -> String {
    guard let origin, !text.isEmpty else { return text }
    switch roles[origin.literal]?.role {
    case .read: return PathText.relative(PathText.join(origin.folder, text), to: workingDirectory)
    case .write where PathText.leavesWorkingDirectory(text):
      // Only the command line may lead out of the working directory; a file keeps the name.
      return text.split(separator: "/").last.map(String.init) ?? text
    case .write: return text
    case nil: return text.hasPrefix("/") ? PathText.relative(text, to: workingDirectory) : text
    }
  }

  // MARK: Nodes

  private func value(of members: [MemberDocument], in instance: DocumentInstance) -> YAMLValue {
    .mapping(
      members.compactMap { member in
        member.content.map { content in
          let description = YAMLValue.mapping(("description", member.description.map { .text($0) }))
          return YAMLField(member.name.value, value(of: content, in: instance).adding(description))
        }
      })
  }

  private func value(of content: MemberDocument.Content, in instance: DocumentInstance) -> YAMLValue {
    switch content {
    case .node(let node):
      return .mapping(
        ("node", node.type.map { .text($0.value) }), ("if", node.condition.map(value(of:))),
        ("in", value(of: node.inputs)),
        ("with", value(of: node.parameters)), ("else", node.standIn.map { .text($0.text) }),
        ("cache", node.cache.map { .text($0.rawValue) }))
    case .loop(let loop):
      var header: [YAMLField] = []
      switch loop.range {
      case .times(let times): header = [YAMLField("times", value(of: times))]
      case .between(let from, let to): header = [YAMLField("from", value(of: from)), YAMLField("to", value(of: to))]
      case nil: break
      }
      if let index = loop.index { header.append(YAMLField("index", .text(index.value))) }
      return .mapping(
        ("loop", .mapping(header)), ("carry", value(of: loop.carry)), ("nodes", value(of: loop.members, in: instance)),
        ("yield", value(of: loop.yields)), ("collect", value(of: loop.collects)))
    case .graph(let graph):
      return .mapping(
        ("graph", instance.callees[graph.id].map { value(of: $0, isFile: false) }), ("in", value(of: graph.inputs)),
        ("with", value(of: graph.parameters)))
    }
  }

  private func value(of inputs: [InputBinding]) -> YAMLValue? {
    mapping(
      inputs.map { input in
        let wires = (input.wires ?? []).map { YAMLValue.text($0.text) }
        return YAMLField(input.name.value, input.isList ? .list(wires) : wires.first ?? .list([]))
      })
  }

  private func value(of wires: [NamedWire]) -> YAMLValue? {
    mapping(wires.compactMap { wire in wire.wire.map { YAMLField(wire.name.value, .text($0.text)) } })
  }

  private func value(of parameters: [LiteralBinding]) -> YAMLValue? {
    mapping(parameters.compactMap { binding in binding.value.map { YAMLField(binding.name.value, value(of: $0)) } })
  }

  private func value(of binding: LiteralBinding.Value) -> YAMLValue {
    switch binding {
    case .one(let literal): value(of: literal)
    case .list(let literals, _): .list(literals.map(value))
    }
  }

  private func mapping(_ fields: [YAMLField]) -> YAMLValue? { fields.isEmpty ? nil : .mapping(fields) }

  // MARK: Literals

  private func value(of literal: Literal) -> YAMLValue {
    var literal = literal
    if roles[literal.id]?.role == .read { rebase(&literal) }
    let text = literal.text
    let isNumber = literal.scalar.isPlain && ValueType.float.accepts(text)
    return isNumber || literal.scalar.isPlain && ValueType.bool.accepts(text) ? .plain(text) : .text(text)
  }

  /// Puts the way to the literal's folder before a path to read.
  ///
  /// Only whole parts of the path are touched, for the rest of a
  /// part may come from `$(...)`.
  private func rebase(_ literal: inout Literal) {
    var folder = literal.location.file.folder
    var rest = ""
    if case .text(let text) = literal.pieces.first {
      literal.pieces.removeFirst()
      let slash = text.lastIndex(of: "/").map { text.index(after: $0) } ?? text.startIndex
      folder = PathText.join(folder, text[..<slash].isEmpty ? "." : String(text[..<slash]))
      rest = String(text[slash...])
    } else if absolutePaths.contains(literal.id) {
      return
    }
    folder = PathText.relative(folder, to: workingDirectory)
    let start = folder == "." ? rest : folder + "/" + rest
    if !start.isEmpty { literal.pieces.insert(.text(start), at: 0) }
  }
}

extension YAMLValue {
  /// A mapping with the fields of another one after its own.
  fileprivate func adding(_ other: YAMLValue) -> YAMLValue {
    guard case .mapping(let fields) = self, case .mapping(let more) = other else { return self }
    return .mapping(fields + more)
  }
}

extension ValueType {
  fileprivate func accepts(_ text: String) -> Bool { if case .success = read(text) { true } else { false } }
}
