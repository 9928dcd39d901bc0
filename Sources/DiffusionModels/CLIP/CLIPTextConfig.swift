import Tensors

/// The sizes of a CLIP text encoder, from `text_encoder/config.json`; defaults as transformers' CLIPTextConfig.
package struct CLIPTextConfig: Sendable, Equatable {
  package let vocabSize: Int
  package let hiddenSize: Int
  package let intermediateSize: Int
  package let layerCount: Int
  package let headCount: Int
  /// How many tokens a text has, padding included.
  package let maxPositions: Int
  package let activation: Activation
  package let layerNormEps: Double
  /// The width of the vector for a whole text, of a model with a projection (transformers' CLIPTextModelWithProjection).
  package let projectionSize: Int?

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, a size out of range or a setting that is not supported.
  package init(path: String, hasProjection: Bool = false) throws {
    try self.init(ConfigFile(path: path), hasProjection: hasProjection)
  }

  package init(_ file: ConfigFile, hasProjection: Bool = false) throws {
    try file.require("model_type", .string("clip_text_model"))
    projectionSize = hasProjection ? try file.int("projection_dim", default: 512) : nil
    vocabSize = try file.int("vocab_size", default: 49408)
    hiddenSize = try file.int("hidden_size", default: 512)
    intermediateSize = try file.int("intermediate_size", default: 2048)
    layerCount = try file.int("num_hidden_layers", default: 12, in: 1...1000)
    headCount = try file.int("num_attention_heads", default: 8)
    maxPositions = try file.int("max_position_embeddings", default: 77)
    let name = try file.choice(
      "hidden_act", default: Activation.quickGELU.rawValue,
      of: [Activation.quickGELU, .gelu].map(\.rawValue))
    activation = Activation(rawValue: name) ?? .quickGELU
    layerNormEps = try file.float("layer_norm_eps", default: 1e-5)
    try file.requireDivisible([hiddenSize], by: headCount) {
      "'hidden_size' \($0) is not a multiple of 'num_attention_heads' \(headCount)"
    }
  }
}
