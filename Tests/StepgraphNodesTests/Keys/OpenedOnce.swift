import GraphEngine
import StepgraphNodes
import Synchronization

/// A node type that opens a model, as itself, but for opening the same one only once for all plans.
///
/// Its ports, info and key are those of `Kind`. What it remembers is what parameters and files decide, which is right as long as
/// nobody changes the files; and it does not look at weights, which are in no key but by their files' digests.
struct OpenedOnce<Kind: ForecastingNode>: ForecastingNode, CustomReflectable {
  static var info: NodeInfo { Kind.info }

  private let node = Kind()

  var customMirror: Mirror { Mirror(reflecting: node) }

  func resolve(_ parameters: inout NodeParameters) throws { try node.resolve(&parameters) }

  func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    try Found.sources.value(for: Found.Request(Self.info, parameters)) { try node.sources(parameters) }
  }

  func forecast(_ io: inout NodeForecast) throws {
    let asked = io
    io = try Found.forecasts.value(for: Found.Request(Self.info, asked.parameters, address: asked.address)) {
      var io = asked
      try node.forecast(&io)
      return io
    }
  }

  func run(_ io: inout NodeIO) throws { try node.run(&io) }
}

/// What was found in models.
private enum Found {
  struct Request: Hashable {
    let type: String
    let parameters: NodeParameters
    let address: String?

    init(_ info: NodeInfo, _ parameters: NodeParameters, address: String? = nil) {
      (type, self.parameters, self.address) = (info.type, parameters, address)
    }
  }

  final class Memory<Value: Sendable>: Sendable {
    private let values = Mutex<[Request: Value]>([:])

    func value(for request: Request, _ find: () throws -> Value) rethrows -> Value {
      if let known = values.withLock({ $0[request] }) { return known }
      let value = try find()
      values.withLock { $0[request] = value }
      return value
    }
  }

  static let sources = Memory<[NodeSource]>()
  static let forecasts = Memory<NodeForecast>()
}

extension ResolvedGraph {
  private static let openingOnce: [String: NodeDeclaration] = Dictionary(
    uniqueKeysWithValues: [
      NodeDeclaration(OpenedOnce<LoadModel>.self), NodeDeclaration(OpenedOnce<LoadDenoiser>.self),
      NodeDeclaration(OpenedOnce<LoadTextEncoder>.self), NodeDeclaration(OpenedOnce<LoadVAE>.self),
    ].map { ($0.info.type, $0) })

  /// The graph with its nodes that open models replaced by such as open each only once.
  var openingModelsOnce: ResolvedGraph {
    var graph = self
    for index in nodes.indices {
      if let other = Self.openingOnce[nodes[index].declaration.info.type] { graph.nodes[index].declaration = other }
    }
    return graph
  }
}
