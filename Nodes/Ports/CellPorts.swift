import DiffusionModels
import GraphEngine
import Tensors

/// How many pixels a cell of a latent stands for, so that sizes and places can be told in pixels.
struct CellPorts: PortGroup {
  let vae = OptionalInput<VAEHandle>(
    "vae", "Tells how many pixels wide and high a latent's cell is; without it 8.")

  func pixels(_ io: NodeIO) -> Int { io[vae]?.model.vaeConfig?.pixelsPerLatent ?? 8 }

  /// Nil where the VAE that is wired is not known yet.
  func pixels(_ io: NodeForecast) -> Int? {
    io.isWired(vae) ? io[vae]?.vaeConfig?.pixelsPerLatent : 8
  }

  /// Pixels as whole cells.
  ///
  /// Throws `NodeFailure` at the parameter for a number between them.
  func cells(_ pixels: Int, of size: Int, at parameter: String) throws -> Int {
    guard pixels.isMultiple(of: size) else {
      throw NodeFailure("\(parameter) is \(pixels), which is no multiple of a cell's \(size) pixels", at: parameter)
    }
    return pixels / size
  }
}

/// Two latents that are to be mixed.
struct LatentPair {
  let first, second: (name: String, level: NoiseLevel?)

  /// The level of both.
  ///
  /// Throws `NodeFailure` at the second for two of different levels.
  func level() throws -> NoiseLevel? {
    guard let a = first.level, let b = second.level, !(a.value == b.value && a.fits(b.kind)) else {
      return first.level ?? second.level
    }
    throw NodeFailure(
      "'\(second.name)' is at level \(b.text), but '\(first.name)' is at level \(a.text)", at: second.name,
      notes: ["levels go from 0, pure noise, to 1, clean"])
  }
}
