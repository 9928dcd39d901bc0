import Diagnostics
import YAMLTree

/// What a workflow was made with, as results carry it: `x-models` and `x-made-with`.
package struct WorkflowRecord: Sendable, Equatable {
  /// Digests of files that nodes read, by their names from the folder of the path parameter on.
  package var files: [String: ContentDigest] = [:]
  /// Bytes of these files, where they are told.
  package var sizes: [String: Int] = [:]
  /// Versions by node type.
  package var nodes: [String: Int] = [:]
  package var numerics: String?

  package init(files: [String: ContentDigest] = [:], sizes: [String: Int] = [:]) {
    (self.files, self.sizes) = (files, sizes)
  }

  static let filesKey = "x-models"
  static let circumstancesKey = "x-made-with"

  /// Nil for a workflow that tells nothing; what is no record is passed over, as other keys of that kind are.
  init?(_ mapping: YAMLMapping) {
    for entry in mapping[Self.filesKey]?.mapping?.entries ?? [] {
      files[entry.key.value] = entry.value.scalar.flatMap { ContentDigest(hex: $0.text) }
    }
    let circumstances = mapping[Self.circumstancesKey]?.mapping
    numerics = circumstances?["numerics"]?.scalar?.text
    func numbers(_ key: String) -> [String: Int] {
      let entries = circumstances?[key]?.mapping?.entries ?? []
      return Dictionary(
        entries.compactMap { entry in entry.value.scalar.flatMap { Int($0.text) }.map { (entry.key.value, $0) } },
        uniquingKeysWith: { $1 })
    }
    nodes = numbers("nodes")
    sizes = numbers("sizes")
    if files.isEmpty, nodes.isEmpty, numerics == nil { return nil }
  }

  /// The recorded files of a model that the workflow calls `path`, by their names in its folder; a model that is one file has
  /// the empty name.
  package func files(ofModel path: String) -> [String: (digest: ContentDigest, size: Int?)] {
    guard let name = path.split(separator: "/").last else { return [:] }
    var found: [String: (digest: ContentDigest, size: Int?)] = [:]
    for (label, digest) in files {
      if label == name {
        found[""] = (digest, sizes[label])
      } else if label.hasPrefix(name + "/") {
        found[String(label.dropFirst(name.count + 1))] = (digest, sizes[label])
      }
    }
    return found
  }
}

extension Plan {
  /// Models with other files than the workflow was made with.
  package func otherModels(than record: WorkflowRecord) -> [Diagnostic] {
    let known = Set(record.files.values)
    var told: Set<String> = []
    var problems: [Diagnostic] = []
    for (index, sources) in keys.sources.sorted(by: { $0.key < $1.key }) where graph.nodes[index].declaration.isHandle {
      let node = graph.nodes[index]
      let other = sources.filter { !known.contains($0.digest) }
      guard let path = node.readPath, !other.isEmpty else { continue }
      // A model that the record does not know at all is as much another one as one that changed.
      let recorded = record.files(ofModel: path.named)
      let notes = other.map { source in
        let name = node.label(ofSource: source.path, withFolder: false)
        let was =
          recorded[name]?.digest ?? record.files.first { $0.key.hasSuffix("/" + name) }?.value ?? recorded[""]?.digest
        return "\(name) was \(was.map { short($0) } ?? "not there"), is \(short(source.digest))"
      }
      let parts = Set(other.map { node.label(ofSource: $0.path, withFolder: false).prefix { $0 != "/" } }).sorted()
      let message =
        "this workflow was made with other weights: \(parts.joined(separator: ", ")) of '\(path.actual)' "
        + (parts.count == 1 ? "differs" : "differ")
      guard told.insert(message).inserted else { continue }
      problems.append(
        Diagnostic(
          message, at: node.location(of: path.parameter),
          notes: Array(notes.prefix(Self.noteLimit))
            + (notes.count > Self.noteLimit ? ["and \(notes.count - Self.noteLimit) more"] : [])
            + ["--any-model takes them all the same"]))
    }
    return problems
  }

  /// What else is other than when the workflow was made, which may change bits, and does not keep it from running.
  package func otherCircumstances(than record: WorkflowRecord, numerics: String) -> [Diagnostic] {
    var notes: [String] = []
    if let was = record.numerics, was != numerics { notes.append("numerics was '\(was)', is '\(numerics)'") }
    var versions: [String: Int] = [:]
    for node in graph.nodes { versions[node.declaration.info.type] = node.declaration.info.version }
    for (type, version) in versions.sorted(by: { $0.key < $1.key }) {
      if let was = record.nodes[type], was != version {
        notes.append("\(type) was version \(was), is version \(version)")
      }
    }
    if notes.isEmpty { return [] }
    return [
      Diagnostic("results may not be bit for bit those this workflow was made with", severity: .warning, notes: notes)
    ]
  }

  private static let noteLimit = 4

  private func short(_ digest: ContentDigest) -> Substring { digest.description.prefix(12) }
}

extension ResolvedNode {
  /// The node's path to read: its parameter, how the workflow names it, and where it was found.
  package var readPath: (parameter: String, named: String, actual: String)? {
    for parameter in declaration.parameters where parameter.type == .path(.read) {
      if case .path(let actual)? = parameters.values[parameter.name] {
        return (parameter.name, namedPaths[parameter.name] ?? actual, actual)
      }
    }
    return nil
  }

  /// Reads from another place than the workflow names, which what is embedded goes on to name.
  package mutating func relocate(_ parameter: String, to path: String) {
    if namedPaths[parameter] == nil, case .path(let named)? = parameters.values[parameter] {
      namedPaths[parameter] = named
    }
    parameters.values[parameter] = .path(path)
  }
}
