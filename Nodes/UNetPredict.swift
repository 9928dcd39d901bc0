import DiffusionModels
import GraphEngine
import Tensors

/// One forward pass of the UNet.
package struct UNetPredict: BatchableNode, ForecastingNode {
  package static let info = NodeInfo(
    type: "UNetPredict", version: 1, lane: .compute, summary: "Predicts the noise in a latent with the UNet.")

  let unet = Input<UNetHandle>("unet", "The UNet.")
  let latent = Input<Latent>("latent", "The latent at the level of `step`.")
  let conditioning = Input<Conditioning>("conditioning", "The encoded prompt; one for all, or one for each latent.")
  let concat = OptionalInput<PlainTensor>(
    "concat",
    "What the UNet sees beside the latent, [n or 1, c, h, w]: mask and masked picture of an inpainting model, a picture of "
      + "an instruct-pix2pix model.")
  let schedule = Input<Schedule>("schedule", "The evaluation list.")
  let step = Parameter<Int>("step", "Index into the evaluation list.", min: 0)
  let guidance = OptionalParameter<Double>(
    "guidance", "The guidance scale that a distilled model takes as an input, such as a latent consistency model.")
  let noise = Output<NoisePrediction>("noise", "The model's own output, tagged epsilon or v.")

  package init() {}

  package var differingInput: String { conditioning.name }

  /// Pixels of latents in a batch, four pictures of 1024x1024: each takes 40 KB in Stable Diffusion 1.5, 2.7 GB for all.
  private static let mostPixels = 4 * 128 * 128

  package func canRunTogether(_ nodes: [NodeIO]) -> Bool {
    let shapes = nodes.flatMap { $0[conditioning].parts.map { [$0.tensor.shape, $0.pooled?.shape] } }
    let latent = nodes[0][latent].tensor.shape
    return shapes.allSatisfy { $0 == shapes[0] } && shapes.count * latent[0] * latent[2] * latent[3] <= Self.mostPixels
  }

  package func forecast(_ io: inout NodeForecast) throws {
    guard let schedule = io[schedule] else { return }
    try schedule.requireStep(io[step], port: step.name)
    if let latent = io[latent] {
      try LevelCheck(latent: latent, schedule: schedule, step: io[step]).require(at: self.latent.name)
    }
  }

  /// One forward pass for all; they have everything in common but the conditioning.
  package func run(batch: inout [NodeIO]) throws {
    let io = batch[0]
    let (latent, schedule) = (io[latent], io[schedule])
    try ScheduleForecast(schedule).requireStep(io[step], port: step.name)
    try latent.requireLevel(of: io[step], in: schedule, port: self.latent.name)
    let handle = io[unet]
    let unet = try handle.unet(at: unet.name)
    let pixels = handle.model.pixelsPerLatent
    let parts = batch.map { node in
      node[conditioning].parts.map { $0.forUNet(unet.config, latent: latent, pixelsPerLatent: pixels) }
    }
    let seen = try io[concat].map { try latent.tensor.joined(with: $0.tensor, port: concat.name) } ?? latent.tensor
    try checking(self.latent.name) { try unet.check(latent: seen) }
    try checking(conditioning.name) {
      for part in parts.joined() { try unet.check(conditioning: part, samples: latent.tensor.shape[0]) }
    }
    var predictions: [Tensor] = []
    for pass in Self.passes(Array(parts.joined()), latent: latent.tensor) {
      predictions += try unet(
        latent: seen, timestep: schedule.timesteps[io[step]], conditionings: pass, guidance: io[guidance])
    }
    for (index, parts) in parts.enumerated() {
      batch[index][noise] = NoisePrediction(Self.mean(predictions.prefix(parts.count)), kind: schedule.predictionType)
      predictions.removeFirst(parts.count)
    }
  }

  /// Conditionings cut, in their order, into those that one forward pass takes: of one shape, and as many as memory has room
  /// for.
  private static func passes(_ conditionings: [UNetConditioning], latent: Tensor) -> [[UNetConditioning]] {
    let most = max(1, mostPixels / (latent.shape[0] * latent.shape[2] * latent.shape[3]))
    return conditionings.reduce(into: []) { passes, conditioning in
      if let last = passes.last, last.count < most, last[0].states.shape == conditioning.states.shape {
        passes[passes.count - 1].append(conditioning)
      } else {
        passes.append([conditioning])
      }
    }
  }

  /// What is predicted with a conditioning of several parts, and what with one of one part, to the bit.
  private static func mean(_ predictions: ArraySlice<Tensor>) -> Tensor {
    let sum = predictions.dropFirst().reduce(predictions[predictions.startIndex]) { $0 + $1 }
    return predictions.count == 1 ? sum : (1 / Float(predictions.count)) * sum
  }

  /// Tells what the model refuses at the input that it came in by.
  private func checking(_ port: String, _ check: () throws -> Void) throws {
    do { try check() } catch let error as ModelError { throw NodeFailure(error.message, at: port) }
  }
}

extension Tensor {
  /// [n, a, h, w] and [n or 1, b, h, w] -> [n, a + b, h, w].
  fileprivate func joined(with other: Tensor, port: String) throws -> Tensor {
    guard shape.count == 4, other.shape.count == 4, other.shape[2...] == shape[2...],
      [1, shape[0]].contains(other.shape[0])
    else {
      throw NodeFailure(
        "it is \(other.shape), but the latent is \(shape); the same height and width were expected", at: port)
    }
    let samples = (0..<shape[0]).map { index in
      let added = other.sample(other.shape[0] == 1 ? 0 : index)
      return Tensor(concatenating: [sample(index), added].map { $0.reshaped(Array($0.shape.dropFirst())) })
    }
    return Tensor(concatenating: samples).reshaped([shape[0], shape[1] + other.shape[1], shape[2], shape[3]])
  }
}

extension Conditioning {
  /// What `config`'s UNet takes of it, the picture's size coming from the latent where the conditioning does not say.
  fileprivate func forUNet(_ config: UNetConfig, latent: Latent, pixelsPerLatent: Int) -> UNetConditioning {
    guard let added = config.addedEmbedding, let pooled, latent.tensor.shape.count == 4 else {
      return UNetConditioning(tensor)
    }
    let count = (added.inputs - (pooled.shape.last ?? 0)) / added.numberSize
    return UNetConditioning(
      tensor, pooled: pooled,
      numbers: sizes.numbers(
        count: count, width: latent.tensor.shape[3] * pixelsPerLatent, height: latent.tensor.shape[2] * pixelsPerLatent)
    )
  }
}
