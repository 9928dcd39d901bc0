import Foundation
import GraphEngine
import StepgraphNodes
import Testing

/// Everything that decides a result changes the keys of exactly what is downstream of it, and nothing else changes any, in every
/// graph that is shipped.
///
/// What `NodeKeyMutationTests` do for one node, these do for what follows from it.
struct KeyMutationTests {
  @Test(arguments: ShippedGraph.names)
  func everyParameterReachesItsCone(_ name: String) throws {
    let base = try KeyedGraph(ShippedGraph.resolve(name).openingModelsOnce)
    for index in base.samples {
      let node = base.graph.nodes[index]
      for parameter in node.declaration.parameters {
        guard let changed = base.changing(parameter, of: index) else { continue }
        // A wire without effect in both plans carries no change.
        let cone = base.cone(of: index, ports: parameter.reaches, or: changed)
        #expect(changed.differences(from: base) == cone, "\(node.address).\(parameter.name)")
      }
    }
  }

  @Test(arguments: ShippedGraph.names)
  func everyInputReachesItsCone(_ name: String) throws {
    let base = try KeyedGraph(Self.withTensor(ShippedGraph.resolve(name).openingModelsOnce))
    for index in base.samples {
      let node = base.graph.nodes[index]
      for (position, input) in node.declaration.inputs.enumerated() where !node.inputs[position].isEmpty {
        let others = base.otherSources(for: position, of: index)
        // What does not fit where it is wired to has no plan.
        let rewired = others.lazy.compactMap { other in
          try? base.with { $0.nodes[index].inputs[position][0] = other }
        }.first
        guard let rewired, !base.plan.graph.nodes[index].inputs[position].isEmpty else {
          // The size of a latent decides a schedule of some flow models alone.
          let isOfFlows = "\(node.declaration.info.type).\(input.name)" == "NoiseSchedule.latent"
          #expect(
            others.isEmpty || ["schedule", "history"].contains(input.type.name) || isOfFlows,
            "\(node.address).\(input.name)")
          continue
        }
        let cone = base.cone(of: index, ports: input.reaches, or: rewired)
        #expect(rewired.differences(from: base) == cone, "\(node.address).\(input.name)")
      }
    }
  }

  /// The graph behind a tensor of which nothing is known, and which may so feed every port of its shape.
  private static func withTensor(_ graph: ResolvedGraph) throws -> ResolvedGraph {
    let tensor = try LoneNode(#require(NodeCatalog.stepgraph[LoadTensor.info.type])).graph.nodes[0]
    var graph = graph
    for index in graph.nodes.indices {
      for port in graph.nodes[index].inputs.indices {
        for wire in graph.nodes[index].inputs[port].indices { graph.nodes[index].inputs[port][wire].node += 1 }
      }
    }
    graph.nodes.insert(tensor, at: 0)
    graph.outputs = graph.outputs.mapValues { WireSource(node: $0.node + 1, output: $0.output) }
    return graph
  }

  @Test(arguments: ShippedGraph.names)
  func everyVersionReachesTheConesOfItsNodes(_ name: String) throws {
    let base = try KeyedGraph(ShippedGraph.resolve(name).openingModelsOnce)
    for type in Set(base.graph.nodes.map(\.declaration.info.type)) {
      let nodes = base.graph.nodes.indices.filter { base.graph.nodes[$0].declaration.info.type == type }
      let revised = try base.with { graph in
        for index in nodes {
          let info = graph.nodes[index].declaration.info
          let node = Swift.type(of: graph.nodes[index].declaration.makeNode())
          let later = NodeInfo(
            type: info.type, version: info.version + 1, lane: info.lane, summary: info.summary, isSink: info.isSink)
          graph.nodes[index].declaration = NodeDeclaration(node, info: later)
        }
      }
      // A node that turned out to be of another type has the version of that one.
      let itself = nodes.filter { base.plan.graph.nodes[$0].declaration.info.type == type }
      let cone = itself.reduce(into: Set<Int>()) { cone, index in
        if !cone.contains(index) { cone.formUnion(base.cone(of: index)) }
      }
      #expect(revised.differences(from: base) == cone.sorted(), "\(type)")
    }
  }

  @Test(arguments: ShippedGraph.names)
  func namesOrderCommentsAndPlacesChangeNothing(_ name: String) throws {
    let original = try KeyedGraph(ShippedGraph.resolve(name))
    let renamed = try original.with { graph in
      for index in graph.nodes.indices { graph.nodes[index].address = "renamed-\(index)" }
    }
    #expect(renamed.keys == original.keys)

    // With all that it names, in another place.
    let copy = try ScratchCopy(ofWorkflowsIn: ShippedGraph.root)
    let path = "\(copy.path)/\(name)"
    func keys(_ text: String) throws -> [String: ContentDigest] {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return try KeyedGraph(ShippedGraph.resolve(name, at: path)).keysByAddress
    }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(try keys(text) == original.keysByAddress)
    #expect(try keys(Self.reordered(text)) == original.keysByAddress)
  }

  /// The same workflow with its nodes written in the opposite order, and comments between them.
  private static func reordered(_ text: String) throws -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let nodes = try #require(lines.firstIndex(of: "nodes:"))
    let end =
      lines[(nodes + 1)...].firstIndex { !$0.isEmpty && !$0.hasPrefix(" ") && !$0.hasPrefix("#") } ?? lines.count
    var entries: [[String]] = []
    for line in lines[(nodes + 1)..<end] {
      if line.hasPrefix("  "), !line.hasPrefix("   "), !line.hasPrefix("  #") || entries.isEmpty { entries.append([]) }
      if entries.isEmpty { entries.append([]) }
      entries[entries.count - 1].append(line)
    }
    lines.replaceSubrange((nodes + 1)..<end, with: entries.reversed().flatMap { ["", "  # a comment"] + $0 })
    return "# another\n" + lines.joined(separator: "\n")
  }
}
