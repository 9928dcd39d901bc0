import Diagnostics
import Foundation
import YAMLTree

/// What decided a graph's results: its files, the models, the versions of its nodes, the numerics.
///
/// It is kept as `GRAPH.lock` beside the graph, so that one can be told later what drifted.
/// Settings of a run are free. Comments, the order of keys, descriptions, the names of files and paths to them are not part
/// of it: what is read counts by its contents, and where results go does not count.
package struct WorkflowLock: Codable, Sendable, Equatable {
  package struct Workflow: Codable, Sendable, Equatable {
    /// Of the canonical text of all values.
    package let sha256: ContentDigest
    /// The graph's own file among them; nil in locks of earlier versions.
    package let main: String?
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
  /// Bytes of these files; nil in locks of earlier versions.
  package let sizes: [String: Int]?

  private enum CodingKeys: String, CodingKey {
    case format = "stepgraph-lock"
    case numerics, workflow, nodes, files, sizes
  }

  private static let format = 1

  /// The lock of a plan, which must be of the whole graph for a lock that is to be kept.
  ///
  /// Throws `DiagnosticList` when a workflow file cannot be read any more.
  package init(_ plan: Plan, numerics: String) throws {
    format = Self.format
    self.numerics = numerics
    workflow = Workflow(
      try Self.values(of: plan.graph), main: plan.graph.path.split(separator: "/").last.map(String.init))
    var nodes: [String: Int] = [:]
    var files: [String: ContentDigest] = [:]
    var sizes: [String: Int] = [:]
    for (index, node) in plan.graph.nodes.enumerated() where plan.key(of: index) != nil {
      nodes[node.declaration.info.type] = node.declaration.info.version
      for source in plan.keys.sources[index] ?? [] {
        var label = node.label(ofSource: source.path)
        // Two files of one name.
        while let other = files[label], other != source.digest { label += "'" }
        files[label] = source.digest
        sizes[label] = Int(source.identity.size)
      }
    }
    self.nodes = nodes
    self.files = files
    self.sizes = sizes
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
      values[name] = withoutPaths(flattened(tree), graph)
    }
    return values
  }

  /// The texts but for those that are paths: defaults and swept values of params of that type, and what nodes take as such.
  private static func withoutPaths(_ values: [String: String], _ graph: ResolvedGraph) -> [String: String] {
    var pathParameters: [String: Set<String>] = [:]
    for node in graph.nodes where pathParameters[node.declaration.info.type] == nil {
      pathParameters[node.declaration.info.type] = Set(
        node.declaration.parameters.filter { if case .path = $0.type { true } else { false } }.map(\.name))
    }
    func isPath(_ place: String) -> Bool {
      let parts = place.split(separator: ".").map(String.init)
      guard let last = parts.last else { return false }
      if parts.count == 3, parts[0] == "params", last == "default" {
        return values["params.\(parts[1]).type"] == "path"
      }
      if parts.count == 3, parts[0] == "sweep" {
        return values["params.\(last.prefix { $0 != "[" }).type"] == "path"
      }
      guard parts.count > 2, parts[parts.count - 2] == "with" else { return false }
      let type = values[(parts.dropLast(2) + ["node"]).joined(separator: ".")]
      return type.flatMap { pathParameters[$0] }?.contains(last) ?? false
    }
    return values.filter { !isPath($0.key) }
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
  fileprivate init(_ values: [String: [String: String]], main: String?) {
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
    self.main = main
  }
}

extension WorkflowLock.Workflow {
  /// The name of the graph's own file in this lock, which may have been renamed since.
  fileprivate func mainName(beside now: Self) -> String? {
    if let main { return main }
    if let name = now.main, values[name] != nil { return name }
    let gone = values.keys.filter { now.values[$0] == nil }
    return gone.count == 1 ? gone.first : nil
  }
}

extension WorkflowLock {
  /// What the locked workflow was made with.
  package var record: WorkflowRecord { WorkflowRecord(files: files, sizes: sizes ?? [:]) }

  /// What is other than it was: a sentence for each.
  package func drift(to now: WorkflowLock) -> [String] {
    var drift: [String] = []
    if numerics != now.numerics { drift.append("numerics was '\(numerics)', is '\(now.numerics)'") }
    for (type, version) in now.nodes.sorted(by: { $0.key < $1.key }) where nodes[type] ?? version != version {
      drift.append("\(type) was version \(nodes[type] ?? 0), is version \(version)")
    }
    drift += fileDrift(to: now)
    let renamed = workflow.mainName(beside: now.workflow)
    var values = workflow.values
    if let renamed, let main = now.workflow.main, renamed != main { values[main] = values.removeValue(forKey: renamed) }
    for file in Set(values.keys).union(now.workflow.values.keys).sorted() {
      drift += valueDrift(of: file, from: values[file] ?? [:], to: now.workflow.values[file] ?? [:], in: now)
    }
    return drift
  }

  /// A line for each folder with other files in it: a file may have another name now, or not be needed.
  private func fileDrift(to now: WorkflowLock) -> [String] {
    let known = Set(files.values)
    let others = now.files.filter { !known.contains($0.value) }.sorted { $0.key < $1.key }
    let folders = Dictionary(grouping: others) { $0.key.prefix { $0 != "/" } }
    return folders.sorted { $0.key < $1.key }.compactMap { folder, others in
      guard let (name, digest) = others.first else { return nil }
      let change =
        files[name].map { "was \(short($0)), is \(short(digest))" }
        ?? "(\(short(digest))) is none of those that were locked"
      let more = others.count - 1
      return "the file \(name) \(change)" + (more == 0 ? "" : ", and \(more) more of \(folder) with it")
    }
  }

  /// A line for each value, or for the whole of what came or went.
  private func valueDrift(
    of file: String, from was: [String: String], to values: [String: String], in now: WorkflowLock
  ) -> [String] {
    // Locks of earlier versions have paths as well: what is no value now and was a path then is no drift.
    let all = Set(was.keys).union(values.keys)
    let differing = all.filter { was[$0] != values[$0] && !now.isPath($0, then: was, now: values) }.sorted()
    var lines: [String] = []
    var told: Set<String> = []
    for place in differing {
      let isOneSided = was[place] == nil || values[place] == nil
      if isOneSided, let root = Self.root(of: place, absentIn: was[place] == nil ? was : values) {
        let verb = was[place] == nil ? "is new" : "is gone"
        if told.insert(root).inserted { lines.append("\(file): \(root) \(verb)") }
      } else {
        lines.append("\(file): \(place) was \(quoted(was[place])), is \(quoted(values[place]))")
      }
    }
    return lines
  }

  /// Whether a place that only an earlier lock has holds a path, by the params' types and the names of nodes' parameters.
  private func isPath(_ place: String, then: [String: String], now: [String: String]) -> Bool {
    guard workflowHasNoPaths, now[place] == nil, let value = then[place] else { return false }
    if place.hasPrefix("params."), place.hasSuffix(".default") {
      return now[place.dropLast("default".count) + "type"] == "path"
    }
    return place.hasSuffix(".with.path") && !value.isEmpty && now[place.dropLast("with.path".count) + "node"] != nil
  }

  private var workflowHasNoPaths: Bool { workflow.main != nil }

  /// The shortest beginning of a place that nothing of the other side has.
  private static func root(of place: String, absentIn other: [String: String]) -> String? {
    let parts = place.split(separator: ".")
    for count in parts.indices.dropFirst() {
      let start = parts[..<count].joined(separator: ".")
      if !other.keys.contains(where: { $0 == start || $0.hasPrefix(start + ".") || $0.hasPrefix(start + "[") }) {
        return start
      }
    }
    return nil
  }

  private func short(_ digest: ContentDigest) -> Substring { digest.description.prefix(12) }
  private func quoted(_ text: String?) -> String { text.map { "'\(shortened($0))'" } ?? "not there" }
}
