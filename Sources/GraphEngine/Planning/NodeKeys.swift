/// What names a node's results: digests of canonical descriptors, known before anything runs.
///
/// A descriptor holds the engine's key format, node type and version, numerics id (nodes of the compute lane), parameters
/// with defaults filled in, per input the upstream key and port, and the content digests of the files read. Node
/// addresses, paths, times and the order of the YAML are not in it.
struct NodeKeys: Sendable {
  /// Changes when equal descriptors stop meaning equal results.
  static let format = 1

  private var outputs: OutputKeys
  /// Content digests of the files a node reads, for nodes that read some.
  private(set) var sources: [Int: [SourceContent]] = [:]
  private var writer: DescriptorWriter

  /// By node; nil where no target needs the node.
  var nodeKeys: [ContentDigest?] { outputs.nodeKeys }
  var numerics: String { writer.numerics }

  init(nodeCount: Int, numerics: String) {
    outputs = OutputKeys(nodeKeys: Array(repeating: nil, count: nodeCount))
    writer = DescriptorWriter(numerics: numerics)
  }

  /// Keys a node whose inputs all have keys already.
  mutating func add(_ index: Int, of graph: ResolvedGraph, reading sources: [SourceContent]) {
    if !sources.isEmpty { self.sources[index] = sources }
    outputs.nodeKeys[index] = ContentDigest(hashing: descriptor(of: index, in: graph))
    let declaration = graph.nodes[index].declaration
    guard declaration.hasPartialReach || sources.contains(where: { $0.outputs != nil }) else { return }
    var keys: [ContentDigest] = []
    for output in declaration.outputs.indices {
      keys.append(ContentDigest(hashing: descriptor(of: index, output: output, in: graph)))
    }
    outputs.portKeys[index] = keys
  }

  /// The text whose digest names one output of a node to whatever consumes it.
  mutating func descriptor(of source: WireSource, in graph: ResolvedGraph) -> [UInt8] {
    outputs.portKeys[source.node] == nil
      ? descriptor(of: source.node, in: graph) : descriptor(of: source.node, output: source.output, in: graph)
  }

  private mutating func descriptor(of index: Int, output: Int, in graph: ResolvedGraph) -> [UInt8] {
    let name = graph.nodes[index].declaration.outputs[output].name
    let reaching = (sources[index] ?? []).filter { $0.outputs?.contains(name) ?? true }
    return writer.descriptor(of: index, output: name, in: graph, sources: reaching, keys: outputs)
  }

  /// The text whose digest is the node's key.
  mutating func descriptor(of index: Int, in graph: ResolvedGraph) -> [UInt8] {
    writer.descriptor(of: index, in: graph, sources: sources[index] ?? [], keys: outputs)
  }

  /// The key of an output alone, of a node whose files do not reach every port alike; nil of other nodes.
  func portKey(of source: WireSource) -> ContentDigest? { outputs.portKeys[source.node]?[source.output] }

  func key(of source: WireSource) -> ContentDigest { outputs[source] }
}

/// What names the outputs of nodes to whatever consumes them.
struct OutputKeys: Sendable {
  var nodeKeys: [ContentDigest?]
  /// By output port, for nodes whose files, inputs or parameters do not reach every port alike.
  var portKeys: [Int: [ContentDigest]] = [:]

  subscript(source: WireSource) -> ContentDigest {
    if !portKeys.isEmpty, let keys = portKeys[source.node] { return keys[source.output] }
    guard let key = nodeKeys[source.node] else { preconditionFailure("an input was not keyed before its consumer") }
    return key
  }
}

/// The content of one file that a node reads.
struct SourceContent: Sendable {
  let path: String
  let digest: ContentDigest
  /// What the file was when it was hashed.
  let identity: FileIdentity
  /// As in `NodeSource`.
  let outputs: Set<String>?
  let role: String?
}
