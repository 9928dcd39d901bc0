/// The sizes of a T5 encoder, from `text_encoder_2/config.json`; defaults as transformers' T5Config.
package struct T5EncoderConfig: Sendable, Equatable {
  package let vocabSize: Int
  package let hiddenSize: Int
  /// Channels of one attention head; all heads together may be wider than the states.
  package let headWidth: Int
  package let intermediateSize: Int
  package let layerCount: Int
  package let headCount: Int
  /// How many distances between tokens are told apart, in both directions together, and from which on none are.
  package let bucketCount: Int
  package let maxDistance: Int
  package let normEps: Double

  /// Throws `ModelError` for a wrong type, a size out of range or a setting that is not supported, such as the feed-forward
  /// layers of T5 before version 1.1, which nothing gates.
  package init(_ file: ConfigFile) throws {
    try file.require("model_type", .string("t5"))
    _ = try file.choice("feed_forward_proj", default: "relu", of: ["gated-gelu"])
    vocabSize = try file.int("vocab_size", default: 32128)
    hiddenSize = try file.int("d_model", default: 512)
    headWidth = try file.int("d_kv", default: 64)
    intermediateSize = try file.int("d_ff", default: 2048)
    layerCount = try file.int("num_layers", default: 6, in: 1...1000)
    headCount = try file.int("num_heads", default: 8)
    bucketCount = try file.int("relative_attention_num_buckets", default: 32, in: 4...4096)
    maxDistance = try file.int("relative_attention_max_distance", default: 128)
    normEps = try file.float("layer_norm_epsilon", default: 1e-6)
    try file.requireDivisible([bucketCount], by: 4) {
      "'relative_attention_num_buckets' \($0) is not a multiple of 4"
    }
    guard maxDistance > bucketCount / 4 else {
      throw ModelError(
        "\(file.path): 'relative_attention_max_distance' is \(maxDistance); more than \(bucketCount / 4) was expected")
    }
  }
}
