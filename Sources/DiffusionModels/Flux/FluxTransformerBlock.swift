import Safetensors
import Tensors

/// A block with streams of text and picture and modulation of its own, as diffusers' FluxTransformerBlock.
struct FluxTransformerBlock: Sendable {
  private let width: Int
  private let textModulation, pictureModulation: Linear
  private let block: JointTransformerBlock

  init(_ weights: WeightScope, _ heads: NormedHeads) throws {
    let width = heads.width
    self.width = width
    pictureModulation = try weights.linear("norm1.linear", inputs: width, outputs: 6 * width)
    textModulation = try weights.linear("norm1_context.linear", inputs: width, outputs: 6 * width)
    func feedForward(_ name: String) throws -> TokenFeedForward {
      TokenFeedForward(
        inner: .init(
          linear: try weights.linear("\(name).net.0.proj", inputs: width, outputs: 4 * width), gate: nil,
          activation: .geluTanh),
        outer: try weights.linear("\(name).net.2", inputs: 4 * width, outputs: width))
    }
    block = JointTransformerBlock(
      eps: 1e-6, attention: try JointAttention(weights.scope("attn"), heads, bias: true),
      textFeedForward: try feedForward("ff_context"), pictureFeedForward: try feedForward("ff"))
  }

  /// [n, t, d], the first `textCount` tokens being text, and the conditioning after SiLU [n or 1, d] -> [n, t, d].
  func callAsFunction(_ x: Tensor, textCount: Int, conditioning: Tensor, rotation: RotaryEmbedding) -> Tensor {
    block(
      x, textCount: textCount, text: Modulation(textModulation(conditioning), width: width),
      picture: Modulation(pictureModulation(conditioning), width: width), rotation: rotation)
  }
}
