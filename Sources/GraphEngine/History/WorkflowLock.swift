import Diagnostics
import Foundation
import YAMLTree

/// What decided a graph's results: its files, the models, the versions of its nodes, the numerics.
///
/// It is kept as `GRAPH.lock` beside the graph, so that one can be told later what drifted.
/// Settings of a run are free. Comments, the order of keys, descriptions and the names of files are not part of it.
package struct WorkflowLock: Codable, Sendable, Equatable {
  package struct Workflow: Codable, Sendable, Equatable {
    /// Of the canonical text of all values.
    package let sha256: ContentDigest
    /// Texts by file, from the graph's folder on, and place in it, such as `nodes.next.with.eta`.
    package let values: [String: [String: String]]
  }

  package let format: Int
  package let numerics: String
  package let workflow: Workflow
  /// Versions by node type.
  package let nodes: [String: Int]
  /// Digests of the files that nodes read.
  package let files: [String: ContentDigest]

  private enum CodingKeys: String, CodingKey {
    case format = "stepgraph-lock"
    case numerics, workflow, nodes, files
  }

  private static let format = 1

  /// The lock of a plan, which must be of the whole graph for a lock that is to be kept.
  ///
  /// Throws `DiagnosticList` when a workflow file cannot be read any more.
  package init(_ plan: Plan, numerics: String) throws {
    format = Self.format
    self.numerics = numerics
    workflow = Workflow(try Self.values(of: plan.graph))
    var nodes: [String: Int] = [:]
    var files: [String: ContentDigest] = [:]
    for (index, node) in plan.graph.nodes.enumerated() where plan.key(of: index) != nil {
      nodes[node.declaration.info.type] = node.declaration.info.version
      for source in plan.keys.sources[index] ?? [] {
        var label = node.label(ofSource: source.path)
        // Two files of one name.
        while let other = files[label], other != source.digest { label += "'" }
        files[label] = source.digest
      }
    }
    self.nodes = nodes
    self.files = files
  }

  /// Reads a lock file.
  ///
  /// Throws a `DiagnosticList` when it is none, or one of a later version.
  package init(reading bytes: [UInt8], path: String) throws {
    struct Format: Codable {
      let format: Int
      enum CodingKeys: String, CodingKey { case format = "stepgraph-lock" }
    }
    let data = Data(bytes)
    do {
      let format = try JSONDecoder().decode(Format.self, from: data).format
      guard format == Self.format else {
        throw DiagnosticList([
          Diagnostic("'\(path)' is a lock of format \(format); this version reads format \(Self.format)")
        ])
      }
      self = try JSONDecoder().decode(WorkflowLock.self, from: data)
    } catch let error as DiagnosticList {
      throw error
    } catch {
      throw DiagnosticList([
        Diagnostic("'\(path)' is no lock file", notes: ["'stepgraph lock' writes one"])
      ])
    }
  }

  private static func values(of graph: ResolvedGraph) throws -> [String: [String: String]] {
    var files: [String: SourceFile] = [graph.path: try graph.file ?? SourceFile.read(graph.path)]
    for node in graph.nodes where !node.location.file.isArgument {
      files[node.location.file.path] = node.location.file
    }
    let folder = CacheFiles.folder(of: RunManifest.absolutePath(graph.path)) ?? ""
    var values: [String: [String: String]] = [:]
    for (path, file) in files {
      let problems = DiagnosticCollector()
      guard let tree = file.parseYAML(into: problems) else {
        throw DiagnosticList(problems.sorted)
      }
      let absolute = RunManifest.absolutePath(path)
      let name = absolute.hasPrefix(folder + "/") ? String(absolute.dropFirst(folder.utf8.count + 1)) : path
      values[name] = flattened(tree)
    }
    return values
  }

  /// Every text of a workflow file by its place.
  private static func flattened(_ tree: YAMLNode) -> [String: String] {
    var values: [String: String] = [:]
    /// Words for people: of the file, and of nodes, loops and calls of subgraphs.
    func isForPeople(_ key: String, in place: [Substring]) -> Bool {
      let isMember = place.count >= 2 && place[place.count - 2] == "nodes"
      return (place.isEmpty || isMember) && (key == "description" || key.hasPrefix(DocumentReader.ownPrefix))
    }
    func visit(_ node: YAMLNode, _ place: String) {
      switch node.content {
      case .scalar(let scalar): values[place] = scalar.text
      case .sequence(let items):
        if items.isEmpty { values[place] = "[]" }
        for (index, item) in items.enumerated() { visit(item, "\(place)[\(index)]") }
      case .mapping(let mapping):
        if mapping.entries.isEmpty { values[place] = "{}" }
        for entry in mapping.entries {
          let key = entry.key.value
          if isForPeople(key, in: place.split(separator: ".")) { continue }
          visit(entry.value, place.isEmpty ? key : "\(place).\(key)")
        }
      }
    }
    visit(tree, "")
    return values
  }
}

extension WorkflowLock.Workflow {
  fileprivate init(_ values: [String: [String: String]]) {
    var text = JSONText()
    for file in values.keys.sorted() {
      text.append(file)
      for (place, value) in (values[file] ?? [:]).sorted(by: { $0.key < $1.key }) {
        text.append(raw: "\n")
        text.append(place)
        text.append(raw: ":")
        text.append(value)
      }
      text.append(raw: "\n")
    }
    sha256 = ContentDigest(hashing: text.bytes)
    self.values = values
  }
}

extension WorkflowLock {
  /// What is other than it was: a sentence for each.
  package func drift(to now: WorkflowLock) -> [String] {
    var drift: [String] = []
    if numerics != now.numerics { drift.append("numerics was '\(numerics)', is '\(now.numerics)'") }
    for (type, version) in now.nodes.sorted(by: { $0.key < $1.key }) where nodes[type] ?? version != version {
      drift.append("\(type) was version \(nodes[type] ?? 0), is version \(version)")
    }
    // A file may have another name now, or not be needed.
    let known = Set(files.values)
    for (name, digest) in now.files.sorted(by: { $0.key < $1.key }) where files[name] != digest {
      if let was = files[name] {
        drift.append("the file \(name) was \(short(was)), is \(short(digest))")
      } else if !known.contains(digest) {
        drift.append("the file \(name) (\(short(digest))) is none of those that were locked")
      }
    }
    for file in Set(workflow.values.keys).union(now.workflow.values.keys).sorted() {
      let (was, values) = (workflow.values[file] ?? [:], now.workflow.values[file] ?? [:])
      for place in Set(was.keys).union(values.keys).sorted() where was[place] != values[place] {
        drift.append("\(file): \(place) was \(quoted(was[place])), is \(quoted(values[place]))")
      }
    }
    return drift
  }

  private func short(_ digest: ContentDigest) -> Substring { digest.description.prefix(12) }
  private func quoted(_ text: String?) -> String { text.map { "'\(shortened($0))'" } ?? "not there" }
}
