import DiffusionModels
import GraphEngine
import Tensors

/// Latents [n, c, h, w] in the variance-preserving scale, `x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) e`.
package struct Latent: TensorValue {
  package static let wireType = WireType("latent", shape: ["n", "c", "h", "w"])

  package let tensor: Tensor
  /// The cumulative product of alphas a_t: 1 is clean, 0 pure noise; nil for a tensor of unknown origin.
  package let level: Double?

  package init(_ tensor: Tensor, level: Double?) {
    self.tensor = tensor
    self.level = level
  }

  var metadata: [String: String] { level.map { ["level": String($0)] } ?? [:] }

  init(tensor: Tensor, metadata: [String: String]) {
    self.init(tensor, level: metadata["level"].flatMap(Double.init))
  }

  /// Refuses a latent at another noise level than step `step` of `schedule` works on.
  ///
  /// Pure noise may enter at the first step of a schedule that starts from noise, although the level there is a little
  /// above 0: that is how Stable Diffusion samples.
  func requireLevel(of step: Int, in schedule: Schedule, port: String) throws {
    guard let level else { return }
    if schedule.starts(step, at: level) { return }
    if level == 0, step == 0, schedule.startsFromNoise { return }
    let place = schedule.levels.indices.first { schedule.starts($0, at: level) }
    var notes: [String] = []
    if let place { notes.append("the latent is at the level of step \(place) of this schedule") }
    if level == 0 { notes.append("the latent is pure noise; AddNoise brings a picture's latent to a step's level") }
    if level == 1 { notes.append("the latent is clean; AddNoise brings it to a step's level") }
    throw NodeFailure(
      "the latent is at noise level \(level), but step \(step) of the schedule starts at \(schedule.levels[step])",
      at: port,
      notes: notes)
  }
}
