import Safetensors
import Tensors

/// The end of a transformer over tokens: a norm modulated by scale and shift, as diffusers' AdaLayerNormContinuous, and a
/// projection to the numbers of a token.
struct TokenOutput: Sendable {
  private let width: Int
  private let norm: TokenNorm
  private let modulation, projection: Linear

  init(_ weights: WeightScope, width: Int, outputs: Int, eps: Double = 1e-6, bias: Bool) throws {
    self.width = width
    norm = .adaptive(eps: eps)
    modulation = try weights.linear("norm_out.linear", inputs: width, outputs: 2 * width, bias: bias)
    projection = try weights.linear("proj_out", inputs: width, outputs: outputs, bias: bias)
  }

  /// Some tokens of [n, t, d], with the conditioning after SiLU [n or 1, d] -> [n, t', out].
  func callAsFunction(_ x: Tensor, tokens: Range<Int>, conditioning: Tensor) -> Tensor {
    let modulation = Modulation(modulation(conditioning), width: width)
    return projection(norm(x, [TokenNorm.Modulation(tokens, scale: modulation[0], shift: modulation[1])]))
  }
}
