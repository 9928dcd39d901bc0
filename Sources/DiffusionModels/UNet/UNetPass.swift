import Tensors

/// What goes along with the activations of one forward pass.
///
/// Its n latents are seen under m / n conditionings each. What comes before the first layer that looks at the text is the
/// same for all conditionings of a latent: activations have n samples there and m from there on. Where conditionings also
/// add to the time step, activations have m samples from the beginning.
struct UNetPass {
  /// What the time step adds in each residual block, [1, c] or [m, c], in the order of the blocks.
  private var timeBiases: ArraySlice<Tensor>
  /// What each cross-attention looks at, of m samples, in the order of the layers.
  private var contexts: ArraySlice<MultiHeadAttention.Context>
  /// Activations that the way up will need, those it needs first at the end.
  var skips: [Tensor] = []

  init(timeBiases: [Tensor], contexts: [MultiHeadAttention.Context]) {
    self.timeBiases = timeBiases[...]
    self.contexts = contexts[...]
  }

  /// Adds to what the way up will need, [n, c, h, w] each, in the order in which it was kept.
  mutating func add(_ residuals: [Tensor]) {
    for (index, residual) in residuals.enumerated() { skips[index] = skips[index].adding(channelsFirst: residual) }
  }

  mutating func nextTimeBias(of x: Tensor) -> Tensor { timeBiases.removeFirst().repeated(toSamples: x.shape[0]) }
  mutating func nextContext() -> MultiHeadAttention.Context { contexts.removeFirst() }
}

extension Tensor {
  /// Repeats the whole tensor along the first axis, [n, ...] -> [samples, ...].
  func repeated(toSamples samples: Int) -> Tensor { repeated(samples / shape[0]) }

  /// [m, h, w, c] and [n, c, h, w], repeated: [m, h, w, c].
  func adding(channelsFirst other: Tensor) -> Tensor { self + other.channelsLast().repeated(toSamples: shape[0]) }
}
