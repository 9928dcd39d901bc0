import Foundation
import Safetensors
import Tensors
import Testing

/// Parts of models opened by themselves, and what single files say of themselves.
struct PartTests {
  private static let model = Repository.tinyModel

  private struct Description: Decodable {
    let prediction: String?
    let zeroSNR: Bool?
  }

  /// What `stepgraph model` tells of the SD 2 file with one more tensor or line of metadata.
  private func described(marker: String? = nil, metadata: [String: String] = [:]) throws -> Description {
    let stepgraph = try Stepgraph()
    let bytes = try SeededModel.named("sd2").file(metadata: metadata) { tensors in
      if let marker { tensors.append((marker, .zeros([1]))) }
    }
    try bytes.write(to: stepgraph.folder.file("model.safetensors"))
    let result = try stepgraph("model", "model.safetensors", "--json")
    try #require(result.status == 0, "\(result.errors)")
    return try JSONDecoder().decode(Description.self, from: Data(result.output.utf8))
  }

  @Test func markersAndMetadataSayWhatIsPredicted() throws {
    #expect(try described().prediction == "v")
    #expect(try described(metadata: ["modelspec.prediction_type": "epsilon"]).prediction == "epsilon")
    #expect(try described(metadata: ["modelspec.prediction_type": "v"]).prediction == "v")
    // A marker is what the trainer put in on purpose.
    #expect(
      try described(marker: "v_pred", metadata: ["modelspec.prediction_type": "epsilon"]).prediction == "v")
    #expect(try described().zeroSNR == false)
    #expect(try described(marker: "ztsnr").zeroSNR == true)
  }

  @Test func latentsOfEightChannelsAreNoPicture() throws {
    let described = try Stepgraph()("model", Repository.demoModel)
    #expect(described.output.hasPrefix("family        Stable Diffusion 1.x\n"), "\(described.output)")
  }

  @Test func aVAEAloneInItsFolderAndInAFile() throws {
    let stepgraph = try Stepgraph()
    func latent(_ loader: String) throws -> Tensor {
      try stepgraph.folder.write(
        """
        stepgraph: 1
        nodes:
          part:  \(loader)
          model: {node: LoadModel, with: {path: \(Self.model)}}
          noise: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: 1}}
          image: {node: Decode, in: {vae: model.vae, latent: noise}}
          z:     {node: Encode, in: {vae: part.vae, image: image}}
          out:   {node: SaveTensor, in: {tensor: z}, with: {path: z.safetensors}}

        """, to: "graph.yaml")
      let result = try stepgraph("run", "graph.yaml", "--quiet")
      try #require(result.status == 0, "\(result.errors)")
      return try SafetensorsReader(path: stepgraph.folder.file("z.safetensors").path).tensor("tensor")
    }
    let whole = try latent("{node: LoadModel, with: {path: \(Self.model)}}")
    #expect(try latent("{node: LoadVAE, with: {path: \(Self.model)}}").values == whole.values)
    #expect(try latent("{node: LoadVAE, with: {path: \(Self.model)/vae}}").values == whole.values)
    let scaled = try latent("{node: LoadVAE, with: {path: \(Self.model)/vae, scaling_factor: 0.36430}}")
    #expect(difference(scaled, 2 * whole).relative < 1e-6)
  }
}
