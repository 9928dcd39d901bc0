import DiffusionModels
import GraphEngine
import Tensors

/// Latents [n, c, h, w] with their level, `x_t = signal x_0 + noise e`.
///
/// In the cache the level is `level`, 1 where clean and 0 in pure noise, and `kind` where it is that of a flow.
package struct Latent: TensorValue {
  package static let wireType = WireType("latent", shape: ["n", "c", "h", "w"])
  package typealias Forecast = LatentForecast

  package let tensor: Tensor
  /// Nil for a tensor of unknown origin.
  package let level: NoiseLevel?

  package init(_ tensor: Tensor, level: NoiseLevel?) {
    self.tensor = tensor
    self.level = level
  }

  var metadata: [String: String] { level?.metadata("level") ?? [:] }

  init(tensor: Tensor, metadata: [String: String]) {
    self.init(tensor, level: NoiseLevel(metadata, "level"))
  }

  /// Refuses a latent at another noise level than step `step` of `schedule` works on.
  func requireLevel(of step: Int, in schedule: Schedule, port: String) throws {
    guard let level else { return }
    try LevelCheck(latent: LatentForecast(level: level), schedule: ScheduleForecast(schedule), step: step)
      .require(at: port)
  }
}

extension NoiseLevel {
  /// What a file says of a level under `name`; its kind has one name in a file.
  func metadata(_ name: String) -> [String: String] {
    let number = [name: String(value)]
    return kind == .diffusion ? number : number.merging(["kind": kind.rawValue]) { own, _ in own }
  }

  /// Nil where the file does not say it.
  init?(_ metadata: [String: String], _ name: String) {
    guard let value = metadata[name].flatMap(Double.init) else { return nil }
    self.init(value, metadata["kind"].flatMap(LevelKind.init) ?? .diffusion)
  }
}
