import DiffusionModels
import GraphEngine
import Tensors

/// Inpainting inside of a method: the prediction whose clean latent is, outside a mask, the original.
///
/// What the model made of the latent that it saw, as a rule one of KeepOutside's, is a clean latent x_0; with
/// `mask x_0 + (1 - mask) original` in its place, the prediction is said again of the latent that the step starts from. That
/// is what ComfyUI's KSamplerX0Inpaint gives its samplers, with a KeepOutside before the prediction.
package struct HoldOutside: ForecastingNode {
  package static let info = NodeInfo(
    type: "HoldOutside", version: 1, lane: .compute,
    summary: "Makes a prediction lead to the original outside a mask.")

  let noise = Input<NoisePrediction>("noise", "The prediction for `seen`.")
  let seen = Input<Latent>("seen", "The latent that the model saw, at the level of `step`.")
  let latent = Input<Latent>("latent", "The latent that the step starts from, at the same level.")
  let original = Input<Latent>("original", "The clean latent to keep; one for all, or one for each.")
  let mask = CellMaskPorts("1 where the prediction stays, 0 where the original is kept.")
  let schedule = Input<Schedule>("schedule", "The schedule of the step.")
  let step = Parameter<Int>("step", "Index into the evaluation list.", min: 0)
  let held = Output<NoisePrediction>("noise", "The prediction for `latent`, of the same kind.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    try requireClean(io[original]?.level)
    guard let schedule = io[schedule] else { return }
    try schedule.requireStep(io[step], port: step.name)
    for (latent, port) in [(io[seen], seen.name), (io[latent], latent.name)] {
      guard let latent else { continue }
      try LevelCheck(latent: latent, schedule: schedule, step: io[step]).require(at: port)
    }
  }

  private func requireClean(_ level: NoiseLevel?) throws {
    guard let level, !level.isClean else { return }
    throw NodeFailure(
      "the original is noisy, at level \(level.text); a clean one, at level 1, was expected", at: original.name,
      notes: ["wire the result of Encode, before AddNoise"])
  }

  package func run(_ io: inout NodeIO) throws {
    let (prediction, seen, latent, original) = (io[noise], io[seen], io[latent], io[original])
    let (schedule, step) = (io[schedule], io[step])
    try ScheduleForecast(schedule).requireStep(step, port: self.step.name)
    try requireClean(original.level)
    for (latent, port) in [(seen, self.seen.name), (latent, self.latent.name)] {
      try latent.requireLevel(of: step, in: schedule, port: port)
    }
    let shape = latent.tensor.shape
    for (tensor, port) in [(prediction.tensor, noise.name), (seen.tensor, self.seen.name)] where tensor.shape != shape {
      throw NodeFailure("'\(port)' is \(tensor.shape), but the latent is \(shape)", at: port)
    }
    guard original.tensor.shape.dropFirst() == shape.dropFirst(), [1, shape[0]].contains(original.tensor.shape[0])
    else {
      throw NodeFailure("the original is \(original.tensor.shape), but the latent is \(shape)", at: self.original.name)
    }
    let kind = prediction.kind ?? schedule.predictionType
    let level = schedule.level(of: step)
    let evaluation = Evaluation(
      sample: LinearCombination(seen.tensor), output: LinearCombination(prediction.tensor), kind: kind, level: level)
    let clean = original.tensor.repeated(shape[0] / original.tensor.shape[0]).mixed(
      with: evaluation.denoised.evaluated(), by: try mask.cells(io, of: latent.tensor))
    let output = Evaluation.output(
      kind, sample: LinearCombination(latent.tensor), denoised: LinearCombination(clean), level: level)
    io[held] = NoisePrediction(output.evaluated(), kind: prediction.kind)
  }
}
