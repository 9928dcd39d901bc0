import Tensors

/// What predicts the noise in a latent: one forward pass of a model of any family.
package protocol Denoiser: Sendable {
  /// The model's own predictions for one latent [n, c, h, w] under several conditionings, each as it would be alone:
  /// [n, c', h, w] each.
  ///
  /// `time` is what the model's schedule calls the level: a training step, or 1000 sigma of a flow; it may be fractional.
  /// Conditionings are one or more, their states of one shape. Throws what `check` throws.
  func predict(
    latent: Tensor, time: Double, conditionings: [DenoiserConditioning], extras: DenoiserExtras
  ) throws -> [Tensor]

  /// Cells of a latent, on a side, that are one token: `predict` takes multiples of it.
  var patchSize: Int { get }

  /// Throws `DenoiserMismatch` for what the model does not take.
  func check(latent: Tensor, conditionings: [DenoiserConditioning], extras: DenoiserExtras) throws
}

extension Denoiser {
  package var patchSize: Int { 1 }
}

/// What a denoiser is told of the picture.
package struct DenoiserConditioning: Sendable, Equatable {
  /// The text's hidden states [n or 1, t, d].
  package var states: Tensor
  /// A vector for the whole text, [n or 1, p], of families that have one.
  package var pooled: Tensor?
  package var sizes: PictureSizes

  package init(_ states: Tensor, pooled: Tensor? = nil, sizes: PictureSizes = PictureSizes()) {
    (self.states, self.pooled, self.sizes) = (states, pooled, sizes)
  }
}

/// What a denoiser takes beside latent, time and text; each model has a use for some of it.
package struct DenoiserExtras: Sendable {
  /// The guidance scale that a distilled model is told.
  package var guidance: Double?
  /// What the model sees beside the latent in channels of its own, [n or 1, c, h, w].
  package var concat: Tensor?
  /// Pictures to go by, as clean latents [1 or n, c, h, w] of any size.
  package var references: [Tensor]
  /// Whether these lie beyond the picture, each beyond the one before, in place of where the model's authors put them.
  package var placesReferencesBeyond = false
  /// What is added inside a UNet.
  package var control: ControlResiduals?
  /// Tokens that are seen before those of the text, [1 or n, t, width] each.
  package var styles: [Tensor] = []

  package init(
    guidance: Double? = nil, concat: Tensor? = nil, references: [Tensor] = [], control: ControlResiduals? = nil
  ) {
    (self.guidance, self.concat, self.references, self.control) = (guidance, concat, references, control)
  }
}

/// An input that a denoiser does not take.
package struct DenoiserMismatch: Error, Sendable, Equatable {
  package enum Input: Sendable { case latent, conditioning, concat, guidance, references, control, styles }

  package let input: Input
  package let message: String

  package init(_ input: Input, _ message: String) { (self.input, self.message) = (input, message) }
}
