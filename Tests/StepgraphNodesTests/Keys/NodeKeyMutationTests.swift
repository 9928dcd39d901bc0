import Foundation
import GraphEngine
import StepgraphNodes
import Testing

/// What each node of the catalogue is told, and what is in the files that it reads, is in its key.
struct NodeKeyMutationTests {
  @Test(arguments: NodeCatalog.stepgraph.typeNames.sorted())
  func everyParameterOfEveryNodeTypeIsInItsKey(_ type: String) throws {
    let declaration = try #require(NodeCatalog.stepgraph[type])
    let alone = try LoneNode(declaration)
    let base = try KeyedGraph(alone.graph)
    for parameter in declaration.parameters {
      if case .path(let role) = parameter.type {
        // Where a file lies is nothing, and what is in it is everything.
        guard role == .read, let file = alone.file else {
          #expect(
            try role == .read
              || base.with { $0.nodes[0].parameters.values[parameter.name] = .path("/elsewhere/file") }.keys
                == base.keys,
            "\(parameter.name)")
          continue
        }
        let copy = try ScratchCopy(of: file)
        let moved = try base.with { graph in
          for other in declaration.parameters where other.type == .path(.read) {
            graph.nodes[0].parameters.values[other.name] = .path(copy.path)
          }
        }
        #expect(moved.keys == base.keys, "\(parameter.name)")
        let isRead = try copy.files.contains { try copy.changing($0) { try moved.again().keys != base.keys } }
        #expect(isRead, "\(parameter.name)")
        continue
      }
      guard let (base, changed) = Self.pair(base, changing: parameter) else {
        #expect(Self.isTestedElsewhere(parameter, of: declaration), "\(type).\(parameter.name) has no other value")
        continue
      }
      #expect(changed.keys != base.keys, "\(type).\(parameter.name)")
    }
  }

  /// The graph and the same with another value of a parameter, which may count only beside certain values of others.
  private static func pair(
    _ base: KeyedGraph, changing parameter: ParameterDeclaration
  ) -> (base: KeyedGraph, changed: KeyedGraph)? {
    if let changed = base.changing(parameter, of: 0) { return (base, changed) }
    for other in base.graph.nodes[0].declaration.parameters where other.name != parameter.name {
      for value in base.otherValues(of: other, of: 0) {
        let beside = try? base.with { $0.nodes[0].parameters.values[other.name] = value }
        if let beside, let changed = beside.changing(parameter, of: 0) { return (beside, changed) }
      }
    }
    return nil
  }

  private static func isTestedElsewhere(_ parameter: ParameterDeclaration, of declaration: NodeDeclaration) -> Bool {
    let (type, name) = (declaration.info.type, parameter.name)
    // What a chain decides, SamplerChainTests cut: second evaluations, which alone draw in ancestral methods of two, are of one.
    let isOfChain =
      declaration.inputs.contains { $0.name == "history" } && ["begin", "step"].contains(name)
      || ["DPM2AncestralStep", "DPM2SAncestralStep"].contains(type)
        && ["seed", "draw", "rng", "s_noise"].contains(name)
    // A family needs its own encoder, with all its layers: TextEncoderCommandTests. What is for flow models alone is in
    // FlowErrorTests, what two of ComfyUI's options decide together in ComfyUIScheduleTests, and where references lie decides
    // nothing without one.
    let isElsewhere =
      [
        "NoiseSchedule.first", "LoadTextEncoder.family", "NoiseSchedule.discard", "NoiseSchedule.curve_shape",
        "Predict.reference_places",
      ].contains("\(type).\(name)")
      || type == "NoiseSchedule" && ["shift", "mu", "width", "height"].contains(name)
    // Some processors have one precision alone.
    return name == "precision" || isElsewhere || isOfChain
  }

  /// The ports of a model, by the folder that a file of it is in.
  private static let ports: [String: Set<String>] = [
    "unet": ["unet"], "scheduler": ["unet"], "text_encoder": ["clip"], "tokenizer": ["clip"], "vae": ["vae"],
    "": ["unet", "clip", "vae"],
  ]

  @Test func everyModelByteReachesTheNodesOfItsPart() throws {
    let copy = try ScratchCopy(of: ShippedGraph.model)
    let base = try KeyedGraph(ShippedGraph.resolve("Graphs/txt2img.yaml", model: copy.path))
    let index = try #require(base.graph.nodes.firstIndex { $0.address == "model" })
    var reached: Set<String> = []
    for file in copy.files where !["README.md", "special_tokens_map.json"].contains(file) {
      let folder = file.contains("/") ? String(file.prefix { $0 != "/" }) : ""
      let ports = try #require(Self.ports[folder])
      let changed = try copy.changing(file) { try base.again().differences(from: base) }
      // A file that no part reads decides nothing.
      if changed.isEmpty { continue }
      #expect(changed == base.cone(of: index, ports: ports), "\(file)")
      reached.insert(file)
    }
    for file in [
      "unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors",
      "text_encoder/model.safetensors", "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json",
      "scheduler/scheduler_config.json", "vae/config.json", "text_encoder/config.json",
    ] {
      #expect(reached.contains(file), "\(file)")
    }
  }
}
