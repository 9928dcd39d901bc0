import DiffusionModels
import GraphEngine
import Tensors

/// Latents [n, c, h, w] in the variance-preserving scale, `x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) e`.
package struct Latent: TensorValue {
  package static let wireType = WireType("latent", shape: ["n", "c", "h", "w"])
  package typealias Forecast = LatentForecast

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
  func requireLevel(of step: Int, in schedule: Schedule, port: String) throws {
    guard let level else { return }
    try LevelCheck(latent: LatentForecast(level: level), schedule: ScheduleForecast(schedule), step: step)
      .require(at: port)
  }
}
