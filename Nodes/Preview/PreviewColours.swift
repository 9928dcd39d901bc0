import DiffusionModels
import GraphEngine
import Tensors

/// How latents are shown: decoded by an autoencoder that is given for that, or by the model's own where the picture is small,
/// or else each latent pixel as the colour that follows from it in a straight line.
///
/// The line is computed from the model's own autoencoder, so that it holds for any model: `LatentColours`.
struct PreviewColours: Sendable {
  private let given: Model?
  /// The model's own, by channels of latents: the first that a run opens.
  private var own: [Int: VAEHandle] = [:]
  private let known = KnownColours()

  /// Up to so many pixels of a picture the model's own autoencoder is fast enough.
  private static let smallPicture = 256 * 256

  init(given: Model?) { self.given = given }

  mutating func note(_ vae: VAEHandle) {
    guard let channels = vae.model.vaeConfig?.modelChannels, own[channels] == nil else { return }
    own[channels] = vae
  }

  /// Latents [n, c, h, w] as pictures [n, 3, h', w'].
  ///
  /// Throws `NodeFailure` where nothing can show them, or as models do.
  func pictures(of latent: Tensor) throws -> Tensor {
    let (channels, height, width) = (latent.shape[1], latent.shape[2], latent.shape[3])
    if let given, given.vaeConfig?.modelChannels == channels {
      return try NodeFailure.telling(at: "preview") { try given.vae().decode(latent) }
    }
    guard let handle = own[channels], let pixels = handle.model.vaeConfig?.pixelsPerLatent else {
      let other = given?.vaeConfig.map { ", and the one that is given takes \($0.modelChannels)" } ?? ""
      throw NodeFailure("the run opens no VAE for latents of \(channels) channels\(other), so nothing can show them")
    }
    let vae = try handle.vae(at: "preview")
    if height * width * pixels * pixels <= Self.smallPicture { return try vae.decode(latent) }
    let colours = try known.value(channels) { try LatentColours(vae, channels: channels, pixels: pixels) }
    return colours.picture(of: latent)
      .resizedPicture(height: height * pixels, width: width * pixels, .bilinear, in: -1...1)
  }
}
