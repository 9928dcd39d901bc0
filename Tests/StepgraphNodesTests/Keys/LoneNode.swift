import Diagnostics
import Foundation
import GraphEngine
import TestSupport

/// A graph of one node, its inputs left open, that can be planned; and the file or folder that it reads.
struct LoneNode {
  let graph: ResolvedGraph
  let file: String?

  init(_ declaration: NodeDeclaration) throws {
    if let reading = Self.readings[declaration.info.type] {
      (graph, file) = (Self.graph(of: declaration, reading: reading.path, reading.parameters), reading.path)
      return
    }
    let reads = declaration.parameters.contains { $0.type == .path(.read) }
    for file in reads ? Self.files : [""] {
      let graph = Self.graph(of: declaration, reading: file, [:])
      guard (try? KeyedGraph(graph)) != nil else { continue }
      (self.graph, self.file) = (graph, reads ? file : nil)
      return
    }
    throw NodeFailure("no fixture that \(declaration.info.type) reads: name one here")
  }

  /// One of these is of the kind that most nodes read.
  private static let files = [
    ShippedGraph.model, ShippedGraph.picture,
    ShippedGraph.root.appending(path: "Tests/Fixtures/sd1-tiny/modules.safetensors").path, ShippedGraph.lora,
  ]

  /// What other nodes read, some only with certain parameters.
  private static let readings: [String: (path: String, parameters: [String: ParameterValue])] = [
    "TextEncode": (
      ShippedGraph.root.appending(path: "Tests/Fixtures/prompts/embeddings").path,
      ["text": .string("a cat embedding:mystyle"), "syntax": .string("comfyui")]
    ),
    "LoadUpscaler": (ShippedGraph.upscaler, [:]),
    "LoadPictureEncoder": (
      ShippedGraph.root.appending(path: "Tests/Fixtures/comfyui/siglip.safetensors").path, [:]
    ),
    "LoadStyleProjector": (
      ShippedGraph.root.appending(path: "Tests/Fixtures/comfyui/uso.safetensors").path, [:]
    ),
    "LoadStyleModel": (ShippedGraph.root.appending(path: "Tests/Fixtures/comfyui/redux.safetensors").path, [:]),
    "LoadControlNet": (tinyParts("controlnet") + "/controlnet", [:]),
    "LoadAdapter": (tinyParts("adapter") + "/adapter", [:]),
  ]

  /// Writes the parts of a tiny pipeline.
  private static func tinyParts(_ name: String) -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "stepgraph-\(UUID().uuidString)")
    try? TinyPipeline(name).writeParts(to: path)
    return path.path
  }

  private static func graph(
    of declaration: NodeDeclaration, reading file: String, _ given: [String: ParameterValue]
  ) -> ResolvedGraph {
    var values = given
    for parameter in declaration.parameters where values[parameter.name] == nil {
      let isNeeded = parameter.defaultValue == nil && !parameter.isOptional
      values[parameter.name] = parameter.defaultValue ?? .absent
      if case .path = parameter.type {
        values[parameter.name] = .path(file)
      } else if isNeeded {
        values[parameter.name] = parameter.type == .int ? .int(0) : parameter.values(otherThan: .absent).first
      }
    }
    let node = ResolvedNode(
      address: "node", declaration: declaration, inputs: declaration.inputs.map { _ in [] },
      parameters: NodeParameters(values), location: SourceLocation(argument: "test"))
    return ResolvedGraph(nodes: [node], targets: [0])
  }
}
