import DiffusionModels
import GraphEngine
import Tensors

/// Noise added to a clean latent, up to the level at which a step of a schedule starts.
package struct AddNoise: Node {
  package static let info = NodeInfo(
    type: "AddNoise", version: 2, lane: .compute, summary: "Brings a clean latent to the noise level of a step.")

  let latent = Input<Latent>("latent", "A clean latent.")
  let schedule = Input<Schedule>("schedule", "The schedule whose step comes next.")
  let step = Parameter("step", "The step that will take the result.", default: 0, min: 0)
  let seed = Parameter<UInt64>("seed", "Seed of the noise.", default: 0)
  let draw = Parameter(
    "draw", "Which randn of the seed's stream to add.", default: 0, min: 0,
    max: Double(NormalStream.maximumDraw))
  let rng = RandomParameters.rng
  let noisy = Output<Latent>("latent", "sqrt(a_t) latent + sqrt(1 - a_t) noise.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (latent, schedule) = (io[latent], io[schedule])
    try schedule.requireStep(io[step], port: step.name)
    guard latent.level == nil || latent.level == 1 else {
      throw NodeFailure("the latent is already noisy, at level \(latent.level ?? 0)", at: self.latent.name)
    }
    let noise = RandomParameters.noise(latent.tensor.shape, seed: io[seed], draw: io[draw], generator: io[rng])
    let level = schedule.levels[io[step]]
    io[noisy] = Latent(DiffusionModels.addNoise(noise, to: latent.tensor, level: level), level: level)
  }
}
