import Glibc
import Safetensors
import Tensors

/// The first layers of a Qwen3 language model, as transformers' Qwen3Model: token ids to states after chosen layers.
///
/// Each token sees itself and those before it (Yang et al. 2025). Layers behind the last one that is asked for are not loaded.
package struct Qwen3Model: Sendable {
  package let config: Qwen3Config
  private let embedding: TokenEmbedding
  private let layers: [Qwen3Layer]
  /// Where the last of all layers is used, whose states are normalised.
  private let finalNorm: RMSNorm?

  /// As long as no published prompt needs.
  static let mostTokens = 1 << 14

  /// Reads the first `layerCount` layers, of which there are so many.
  package init(_ weights: WeightScope, _ config: Qwen3Config, layerCount: Int) throws {
    self.config = config
    embedding = TokenEmbedding(try weights.table("embed_tokens.weight", [config.vocabSize, config.hiddenSize]))
    layers = try (0..<layerCount).map { try Qwen3Layer(weights.scope("layers", $0), config) }
    for layer in layerCount..<config.layerCount { weights.leaveOut("layers.\(layer).") }
    weights.leaveOut("lm_head.")
    if layerCount < config.layerCount { weights.leaveOut("norm.") }
    finalNorm =
      layerCount == config.layerCount
      ? try weights.rmsNorm("norm", channels: config.hiddenSize, eps: config.normEps) : nil
  }

  /// The states of a text after each of `depths` layers, which are in order: `hidden_states` of transformers, [1, tokens, d]
  /// each; 0 is before the first layer, and after all of the model's they are normalised.
  ///
  /// Of the tokens the first `seen` are looked at; those behind are padding, which looks at them. Throws `ModelError` for ids
  /// outside the vocabulary, no tokens or too many, or layers that are not there, and what reading the file throws.
  package func callAsFunction(_ ids: [Int], seen: Int, depths: [Int]) throws -> [Tensor] {
    guard (1...Self.mostTokens).contains(ids.count), (1...ids.count).contains(seen) else {
      throw ModelError("a text of \(ids.count) tokens; 1 to \(Self.mostTokens) were expected")
    }
    guard depths == depths.sorted(), let last = depths.last, depths[0] >= 0, last <= layers.count else {
      throw ModelError("states after \(depths) layers; the text encoder has \(layers.count)")
    }
    let rotary = RotaryEmbedding(angles: angles(tokens: ids.count), pairing: .halves)
    var (hidden, states) = (try embedding([ids.map(TextToken.id)]), [Tensor]())
    for depth in 0...last {
      if depth > 0 { hidden = layers[depth - 1](hidden, seen: seen, rotary: rotary) }
      let state = depth == config.layerCount ? finalNorm?(hidden) ?? hidden : hidden
      states += depths.filter { $0 == depth }.map { _ in state }
    }
    return states
  }

  /// Positions times frequencies, both and their product in single precision, as the reference has them, whatever the
  /// precision of products.
  private func angles(tokens: Int) -> [[Double]] {
    let pairs = config.headWidth / 2
    let frequencies = (0..<pairs).map { pair in
      1 / powf(Float(config.ropeTheta), Float(2 * pair) / Float(config.headWidth))
    }
    return (0..<tokens).map { token in frequencies.map { Double(Float(token) * $0) } }
  }
}

/// One layer, as transformers' Qwen3DecoderLayer.
private struct Qwen3Layer: Sendable {
  private let inputNorm, attentionNorm, queryNorm, keyNorm: RMSNorm
  private let query, key, value, out: Linear
  private let feedForwardIn: GatedLinear
  private let feedForwardOut: Linear
  private let config: Qwen3Config
  private let precision: Precision

  init(_ weights: WeightScope, _ config: Qwen3Config) throws {
    let width = config.hiddenSize
    let (inner, keyWidth) = (config.headCount * config.headWidth, config.keyHeadCount * config.headWidth)
    inputNorm = try weights.rmsNorm("input_layernorm", channels: width, eps: config.normEps)
    let attention = weights.scope("self_attn")
    query = try attention.linear("q_proj", inputs: width, outputs: inner, bias: false)
    key = try attention.linear("k_proj", inputs: width, outputs: keyWidth, bias: false)
    value = try attention.linear("v_proj", inputs: width, outputs: keyWidth, bias: false)
    out = try attention.linear("o_proj", inputs: inner, outputs: width, bias: false)
    queryNorm = try attention.rmsNorm("q_norm", channels: config.headWidth, eps: config.normEps)
    keyNorm = try attention.rmsNorm("k_norm", channels: config.headWidth, eps: config.normEps)
    attentionNorm = try weights.rmsNorm("post_attention_layernorm", channels: width, eps: config.normEps)
    let feedForward = weights.scope("mlp")
    feedForwardIn = GatedLinear(
      value: try feedForward.linear("up_proj", inputs: width, outputs: config.intermediateSize, bias: false),
      gate: try feedForward.linear("gate_proj", inputs: width, outputs: config.intermediateSize, bias: false),
      activation: .silu)
    feedForwardOut = try feedForward.linear("down_proj", inputs: config.intermediateSize, outputs: width, bias: false)
    (self.config, precision) = (config, weights.precision)
  }

  /// [1, tokens, d] -> [1, tokens, d]; keys and values are of the first `seen` tokens alone.
  func callAsFunction(_ x: Tensor, seen: Int, rotary: RotaryEmbedding) -> Tensor {
    let normalized = inputNorm(x)
    let (tokens, width) = (x.shape[1], x.shape[2])
    let looked = normalized.reshaped([tokens, width]).samples(0..<seen).reshaped([1, seen, width])
    let keys = Linear.outputs(of: [key, value], for: looked)
    let attended = attention(
      query: rotary(queryNorm(query(normalized))), key: rotary(keyNorm(keys[0])), value: keys[1],
      heads: config.headCount, keyHeads: config.keyHeadCount, isCausal: true, precision: precision)
    let x = out(attended, residual: x)
    return feedForwardOut(feedForwardIn(attentionNorm(x)), residual: x)
  }
}
