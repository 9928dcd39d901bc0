import Tensors

/// What a layer makes of the conditioning of a picture to modulate its tokens by: vectors side by side, [n or 1, k * width].
struct Modulation {
  private let values: Tensor
  private let width: Int

  init(_ values: Tensor, width: Int) { (self.values, self.width) = (values, width) }

  subscript(index: Int) -> SampleVector { SampleVector(values, columns: index * width..<(index + 1) * width) }
}

extension TokenNorm {
  /// The layer norm without weights of adaptive normalisation, as diffusers' AdaLayerNorm classes have it.
  static func adaptive(eps: Double = 1e-6) -> TokenNorm { TokenNorm(.layer, eps: Float(eps)) }
}
