/// The sizes of a Qwen3 language model, from `text_encoder/config.json`; defaults as transformers' Qwen3Config.
package struct Qwen3Config: Sendable, Equatable {
  package let vocabSize: Int
  package let hiddenSize: Int
  /// Channels of one attention head; all heads together may be wider than the states.
  package let headWidth: Int
  package let intermediateSize: Int
  package let layerCount: Int
  package let headCount: Int
  /// Heads of keys and values, each for several of queries.
  package let keyHeadCount: Int
  package let normEps: Double
  /// The base of the rotary embedding's wave lengths.
  package let ropeTheta: Double

  /// Throws `ModelError` for a wrong type, a size out of range or a setting that is not supported.
  package init(_ file: ConfigFile) throws {
    try file.require("model_type", .string("qwen3"))
    _ = try file.choice("hidden_act", default: "silu", of: ["silu"])
    try file.require("attention_bias", .bool(false))
    try file.require("use_sliding_window", .bool(false))
    vocabSize = try file.int("vocab_size", default: 151_936)
    hiddenSize = try file.int("hidden_size", default: 4096)
    intermediateSize = try file.int("intermediate_size", default: 22_016)
    layerCount = try file.int("num_hidden_layers", default: 32, in: 1...1000)
    headCount = try file.int("num_attention_heads", default: 32)
    keyHeadCount = try file.optionalInt("num_key_value_heads") ?? headCount
    headWidth = try file.optionalInt("head_dim") ?? 128
    normEps = try file.float("rms_norm_eps", default: 1e-6)
    ropeTheta = try Self.ropeTheta(file)
    try file.requireDivisible([headCount], by: keyHeadCount) {
      "'num_attention_heads' \($0) is not a multiple of 'num_key_value_heads' \(keyHeadCount)"
    }
    try file.requireDivisible([headWidth], by: 2) { "'head_dim' \($0) is odd" }
  }

  /// Today's files have it in `rope_parameters`, earlier ones beside the sizes; kinds that stretch the angles are refused.
  private static func ropeTheta(_ file: ConfigFile) throws -> Double {
    let fallback = 10_000.0
    for key in ["rope_parameters", "rope_scaling"] {
      guard case .object(let values) = file.values[key] else { continue }
      let inner = ConfigFile(path: file.path, values: values)
      for kind in ["rope_type", "type"] { try inner.require(kind, .string("default")) }
      if values["rope_theta"] != nil { return try inner.float("rope_theta", default: fallback) }
    }
    return try file.float("rope_theta", default: fallback)
  }
}
