import Foundation
import Safetensors
import StepgraphNodes
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

  /// What a picture carries for ComfyUI and for galleries is what `export` writes.
  @Test func picturesCarryWhatIsExported() throws {
    let stepgraph = try Stepgraph()
    try TinyPipeline.writeModel("flux-schnell", to: stepgraph.folder.file("model"))
    try writeFile(from: stepgraph.folder.file("model"), to: stepgraph.folder.file("flux1-schnell.safetensors"))
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        model: {node: LoadModel, with: {path: flux1-schnell.safetensors}}
        positive: {node: TextEncode, in: {clip: model.clip}, with: {text: "a red \\"apple\\", é", syntax: comfyui}}
        empty: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 48}}
        schedule: {node: NoiseSchedule, in: {denoiser: model.denoiser}, with: {convention: comfyui, sampler: euler_ancestral, curve: simple, steps: 2}}
        start: {node: AddNoise, in: {latent: empty, schedule: schedule}, with: {seed: 7, rng: comfyui}}
        sample:
          graph: "<samplers/comfyui/euler_ancestral.yaml>"
          in: {denoiser: model.denoiser, positive: positive, latent: start, schedule: schedule}
          with: {steps: 2, cfg: 1, seed: 7}
        image: {node: Decode, in: {vae: model.vae, latent: sample.latent}}
        png: {node: SavePNG, in: {image: image}, with: {path: a.png}}
      """, to: "graph.yaml")
    _ = try stepgraph.run("graph.yaml")
    let picture = try PNGFile(ByteSource(Array(stepgraph.folder.contents("a.png"))))
    let texts = try picture.texts(["prompt", "workflow", "parameters"])
    let exported = try stepgraph("export", "graph.yaml")
    #expect(exported.status == 0 && exported.output.contains("\"sampler_name\": \"euler_ancestral\""))
    /// The same for the same document.
    func sorted(_ text: String?) throws -> Data {
      let document = try JSONSerialization.jsonObject(with: Data((text ?? "").utf8))
      return try JSONSerialization.data(withJSONObject: document, options: .sortedKeys)
    }
    #expect(try sorted(texts["prompt"]) == sorted(exported.output))
    #expect(texts["workflow"]?.contains("\"KSampler\"") == true)
    #expect(
      texts["parameters"]?.contains("Steps: 2, Sampler: Euler a, Schedule type: Simple, CFG scale: 1, Seed: 7") == true)
  }
}
