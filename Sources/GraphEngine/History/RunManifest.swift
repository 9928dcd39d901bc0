import Foundation

/// What a run was asked for, what it did and what came of it: enough to explain the next run, and to compare the two.
package struct RunManifest: Codable, Sendable, Equatable {
  package enum State: String, Codable, Sendable {
    /// Under way, or killed.
    case unfinished
    case done, failed, interrupted
  }

  /// Names the run; runs in the order of their names are in the order of their starts.
  package let name: String
  /// The workflow file, absolute.
  package let path: String
  /// SHA-256 of the workflow as pictures embed it: with its params filled in and its subgraphs inlined.
  package let workflow: ContentDigest
  /// As they were filled in; those that a sweep changes with all their values, in brackets.
  package let parameters: [String: String]
  package let numerics: String
  package internal(set) var state = State.unfinished
  /// What ended a run that failed.
  package internal(set) var failure: String?
  package internal(set) var seconds: Double?
  /// Files that sinks wrote.
  package internal(set) var files: [String] = []
  /// Those that a target may need, in topological order; empty for graphs of more than `nodeLimit`.
  package internal(set) var nodes: [Node]

  package static let nodeLimit = 20_000

  /// One node: all that its key is made of, and what the run did with it.
  package struct Node: Codable, Sendable, Equatable {
    /// An output of a node.
    package struct Wire: Codable, Sendable, Hashable {
      package let node: String
      package let port: String
    }

    /// A file that was read.
    package struct File: Codable, Sendable, Equatable {
      /// The path from the node's folder, such as `unet/config.json`, or the name of a file given itself.
      package let name: String
      package let digest: ContentDigest
      /// Output ports that depend on it; nil for all.
      package let outputs: [String]?
    }

    package struct Output: Codable, Sendable, Equatable {
      package let port: String
      package let type: String
      package let digest: ContentDigest
      package let size: Int
    }

    package let node: String
    package let type: String
    package let version: Int
    package let key: ContentDigest
    /// Whether the numerics id is part of the key.
    package let computes: Bool
    /// In JSON, as the key is made of them; paths are left out.
    package let parameters: [String: String]
    package let inputs: [String: [Wire]]
    package let files: [File]
    /// The keys of the outputs, for a node whose files do not reach all alike.
    package let ports: [String: ContentDigest]?
    /// Where its results came from; nil when the run had no need of them, or did not come to it.
    package internal(set) var source: String?
    /// How long the node took, when it was executed.
    package internal(set) var seconds: Double?
    /// Whether its results were on the disk after the run.
    package internal(set) var isKept = false
    package internal(set) var outputs: [Output] = []

    /// What names an output to its consumers.
    func key(of port: String) -> ContentDigest { ports?[port] ?? key }
  }
}

extension ContentDigest: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let digest = ContentDigest(hex: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no SHA-256 digest")
    }
    self = digest
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

// MARK: From a plan

extension RunManifest {
  /// What a run of the plan begins with.
  package init(_ plan: Plan, numerics: String, name: String = "", nodeLimit: Int = Self.nodeLimit) {
    let graph = plan.graph
    self.name = name
    path = Self.absolutePath(graph.path)
    workflow = graph.digest
    let swept = graph.axes.map { ($0.name, "[\($0.texts.joined(separator: ", "))]") }
    parameters = Dictionary(graph.parameters.map { ($0.name, $0.text) } + swept, uniquingKeysWith: { $1 })
    self.numerics = numerics
    let asked = graph.nodes.indices.filter { plan.key(of: $0) != nil }
    nodes = asked.count > nodeLimit ? [] : asked.compactMap { Node(plan, $0) }
  }

  /// Symbolic links followed, so that a file has one path.
  static func absolutePath(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

extension ResolvedGraph {
  /// Of the workflow with its params filled in and its subgraphs inlined.
  var digest: ContentDigest {
    let texts = workflow.isEmpty ? points.map(\.workflow) : [workflow]
    return ContentDigest(hashing: Array(texts.joined(separator: "---\n").utf8))
  }
}

extension RunManifest.Node {
  /// Nil for a node that nothing asked for needs.
  fileprivate init?(_ plan: Plan, _ index: Int) {
    guard let key = plan.key(of: index) else { return nil }
    let graph = plan.graph
    let resolved = graph.nodes[index]
    let declaration = resolved.declaration
    node = resolved.address
    type = declaration.info.type
    version = declaration.info.version
    self.key = key
    computes = declaration.info.lane == .compute
    var parameters: [String: String] = [:]
    for parameter in declaration.parameters {
      if case .path = parameter.type { continue }
      guard let value = resolved.parameters.values[parameter.name], value != .absent else { continue }
      parameters[parameter.name] = value.json
    }
    self.parameters = parameters
    var inputs: [String: [Wire]] = [:]
    for (input, wires) in zip(declaration.inputs, resolved.inputs) where !wires.isEmpty {
      inputs[input.name] = wires.map { wire in
        let producer = graph.nodes[wire.node]
        return Wire(node: producer.address, port: producer.declaration.outputs[wire.output].name)
      }
    }
    self.inputs = inputs
    let sources = plan.keys.sources[index] ?? []
    files = sources.map { source in
      File(
        name: resolved.label(ofSource: source.path, withFolder: false), digest: source.digest,
        outputs: source.outputs?.sorted())
    }
    guard sources.contains(where: { $0.outputs != nil }) else {
      ports = nil
      return
    }
    var ports: [String: ContentDigest] = [:]
    for (output, port) in declaration.outputs.enumerated() {
      ports[port.name] = plan.keys.key(of: WireSource(node: index, output: output))
    }
    self.ports = ports
  }
}
