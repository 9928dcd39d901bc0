import Foundation
import Safetensors
import TestSupport
import Testing

/// FLUX.1 in one file, transformer, both text encoders and autoencoder, as ComfyUI saves it: what its folder draws.
struct AllInOneTests {
  private static let prefixes = [
    "transformer": "model.diffusion_model.", "text_encoder": "text_encoders.clip_l.transformer.text_model.",
    "text_encoder_2": "text_encoders.t5xxl.transformer.", "vae": "vae.",
  ]

  private func writeFile(from model: URL, to target: URL) throws {
    var writer = SafetensorsWriter()
    for (part, prefix) in Self.prefixes {
      let stem = part.hasPrefix("text") ? "model" : "diffusion_pytorch_model"
      let file = try SafetensorsReader(path: model.appending(path: "\(part)/\(stem).safetensors").path)
      for tensor in file.names { writer.add(prefix + tensor, try file.tensor(tensor), as: .f16) }
    }
    // What ComfyUI's modules have beside, and nobody uses.
    writer.add("text_encoders.clip_l.logit_scale", .zeros([1]))
    writer.add("text_encoders.t5xxl.logit_scale", .zeros([1]))
    writer.add("text_encoders.clip_l.transformer.text_projection.weight", .zeros([64, 64]), as: .f16)
    try Data(writer.bytes()).write(to: target)
  }

  @Test func drawsWhatTheFolderDraws() throws {
    let stepgraph = try Stepgraph()
    try TinyPipeline.writeModel("flux-schnell", to: stepgraph.folder.file("model"))
    try writeFile(from: stepgraph.folder.file("model"), to: stepgraph.folder.file("flux.safetensors"))
    let described = try stepgraph("model", "flux.safetensors")
    #expect(described.status == 0 && described.output.contains("FLUX.1"), "\(described.errors)")
    var drawn: [Data] = []
    for model in ["model", "flux.safetensors"] {
      try stepgraph.folder.write(
        """
        stepgraph: 1
        nodes:
          draw: {graph: \(Repository.graphs.path)/flux.yaml, with: {model: \(model), tokens: 40, width: 64, height: 48, steps: 2, out: a.png}}
          save: {node: SaveTensor, in: {tensor: draw/image}, with: {path: image.safetensors}}
          text: {node: SaveTensor, in: {tensor: draw/positive}, with: {path: text.safetensors}}
        """, to: "graph.yaml")
      _ = try stepgraph.run("graph.yaml")
      drawn.append(try stepgraph.folder.contents("image.safetensors") + stepgraph.folder.contents("text.safetensors"))
    }
    #expect(drawn[0] == drawn[1])
  }
}
