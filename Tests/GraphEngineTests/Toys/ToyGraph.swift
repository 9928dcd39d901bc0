import Diagnostics
import GraphEngine

/// Builds graphs by hand; a wire is written `node` or `node.port`.
struct ToyGraph {
  private var nodes: [ResolvedNode] = []
  private var indices: [String: Int] = [:]
  private let file = SourceFile(path: "toy.yaml", text: "")
  private static let catalog = NodeCatalog([
    ToyConstant.self, ToyAdd.self, ToyOpen.self, ToyUse.self, ToyPair.self, ToySave.self, ToyAct.self, ToyActIO.self,
    ToyCarry.self, ToyScale.self, ToyAware.self, ToyTune.self, ToyCount.self,
  ])

  /// Adds a node; its parameters are on the lines after its own.
  mutating func add(
    _ address: String, _ type: String, in wires: [String: String] = [:],
    with parameters: [String: ParameterValue] = [:],
    cache: CachePolicy = .disk
  ) {
    guard let declaration = Self.catalog[type] else { preconditionFailure("no toy '\(type)'") }
    let line = nodes.count * 10 + 1
    var values: [String: ParameterValue] = [:]
    var locations: [String: SourceLocation] = [:]
    for (position, parameter) in declaration.parameters.enumerated() {
      values[parameter.name] = parameters[parameter.name] ?? parameter.defaultValue ?? .absent
      if parameters[parameter.name] != nil {
        locations[parameter.name] = SourceLocation(file: file, line: line + 1 + position, column: 3)
      }
    }
    let node = ResolvedNode(
      address: address, declaration: declaration,
      inputs: declaration.inputs.map { input in
        (wires[input.name].map { $0.split(separator: ",") } ?? []).map { source(String($0)) }
      },
      parameters: NodeParameters(values), cache: cache,
      location: SourceLocation(file: file, line: line, column: 1), portLocations: locations)
    indices[address] = nodes.count
    nodes.append(node)
  }

  func source(_ wire: String) -> WireSource {
    let parts = wire.split(separator: ".")
    guard let node = indices[String(parts[0])] else { preconditionFailure("no node '\(wire)'") }
    let outputs = nodes[node].declaration.outputs
    return WireSource(node: node, output: parts.count > 1 ? outputs.firstIndex { $0.name == parts[1] } ?? 0 : 0)
  }

  /// The graph; without `targets` its sinks are the targets, and the sources of `outputs` are in any case.
  func graph(targets: [String]? = nil, outputs: [String: String] = [:], workflow: String = "stepgraph: 1\n")
    -> ResolvedGraph
  {
    let sinks = nodes.indices.filter { nodes[$0].declaration.info.isSink }
    let outputs = outputs.mapValues { source($0) }
    let chosen = targets.map { $0.map { source($0).node } } ?? sinks
    return ResolvedGraph(
      nodes: nodes, targets: Set(chosen + outputs.values.map(\.node)).sorted(), outputs: outputs, workflow: workflow,
      path: "toy.yaml")
  }
}
