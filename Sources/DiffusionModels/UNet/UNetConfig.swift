/// The shape of a denoiser, from `unet/config.json`; defaults as diffusers' UNet2DConditionModel.
package struct UNetConfig: Sendable, Equatable {
  /// One level of the UNet, outermost first.
  package struct Level: Sendable, Equatable {
    package let channels: Int
    /// How many residual blocks the way down has; the way up has one more.
    package let layerCount: Int
    package let downHasAttention: Bool
    package let upHasAttention: Bool
    package let headCount: Int
    package let crossAttentionSize: Int
    /// Transformer blocks in each attention.
    package let transformerLayerCount: Int
  }

  /// What is embedded beside the time step: a pooled text and some numbers (diffusers' `addition_embed_type` text_time).
  package struct AddedEmbedding: Sendable, Equatable {
    /// The width of everything together.
    package let inputs: Int
    /// The width of the sinusoids of one number.
    package let numberSize: Int
  }

  package let inputChannels: Int
  package let outputChannels: Int
  package let levels: [Level]
  package let normGroups: Int
  package let normEps: Double
  package let usesLinearProjection: Bool
  package let centersInput: Bool
  package let flipsSinToCos: Bool
  package let frequencyShift: Int
  package let timeEmbeddingSize: Int
  package let addedEmbedding: AddedEmbedding?
  /// The width of the embedding of the guidance scale that a distilled model takes (`time_cond_proj_dim`).
  package let guidanceEmbeddingSize: Int?
  package let inputKernel: Int
  package let outputKernel: Int

  /// The size of a conditioning vector; the same at every level that has attention.
  package var conditioningSize: Int { levels[0].crossAttentionSize }

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, sizes that do not fit each other or a setting that is not supported.
  package init(path: String) throws { try self.init(ConfigFile(path: path)) }

  package init(_ file: ConfigFile) throws {
    try Self.refuseUnsupported(file)
    let (plainDown, plainUp) = ("DownBlock2D", "UpBlock2D")
    let (crossDown, crossUp) = ("CrossAttnDownBlock2D", "CrossAttnUpBlock2D")
    let down = try file.choices(
      "down_block_types", default: [crossDown, crossDown, crossDown, plainDown], of: [crossDown, plainDown])
    let up = try file.choices(
      "up_block_types", default: [plainUp, crossUp, crossUp, crossUp], of: [crossUp, plainUp])
    let channels = try file.ints("block_out_channels", default: [320, 640, 1280, 1280])
    guard down.count == up.count, down.count == channels.count else {
      throw ModelError(
        "\(file.path): 'down_block_types', 'up_block_types' and 'block_out_channels' have \(down.count), \(up.count) "
          + "and \(channels.count) entries; the same number was expected")
    }
    let count = channels.count
    let layers = try file.intByLevel("layers_per_block", default: 2, count: count, in: 1...1000)
    // The key says head dimension and means the number of heads: huggingface/diffusers issue 2011.
    let heads = try file.intByLevel("attention_head_dim", default: 8, count: count)
    let crossSizes = try file.intByLevel("cross_attention_dim", default: 1280, count: count)
    let transformers = try file.intByLevel("transformer_layers_per_block", default: 1, count: count, in: 1...1000)
    levels = (0..<count).map { level in
      Level(
        channels: channels[level], layerCount: layers[level], downHasAttention: down[level] == crossDown,
        upHasAttention: up[count - 1 - level] == crossUp, headCount: heads[level],
        crossAttentionSize: crossSizes[level], transformerLayerCount: transformers[level])
    }
    inputChannels = try file.int("in_channels", default: 4)
    outputChannels = try file.int("out_channels", default: 4)
    normGroups = try file.int("norm_num_groups", default: 32)
    normEps = try file.float("norm_eps", default: 1e-5)
    usesLinearProjection = try file.bool("use_linear_projection", default: false)
    centersInput = try file.bool("center_input_sample", default: false)
    flipsSinToCos = try file.bool("flip_sin_to_cos", default: true)
    frequencyShift = try file.int("freq_shift", default: 0, in: 0...1)
    timeEmbeddingSize = try file.optionalInt("time_embedding_dim") ?? 4 * channels[0]
    addedEmbedding =
      file.values["addition_embed_type"] ?? .null == .null
      ? nil
      : AddedEmbedding(
        inputs: try file.required("projection_class_embeddings_input_dim"),
        numberSize: try file.required("addition_time_embed_dim"))
    guidanceEmbeddingSize = try file.optionalInt("time_cond_proj_dim")
    inputKernel = try file.int("conv_in_kernel", default: 3, in: 1...99)
    outputKernel = try file.int("conv_out_kernel", default: 3, in: 1...99)
    try checkSizes(file)
  }

  private func checkSizes(_ file: ConfigFile) throws {
    try file.requireDivisible(levels.map(\.channels), by: normGroups) {
      "\($0) in 'block_out_channels' is not a multiple of 'norm_num_groups' \(normGroups)"
    }
    try file.requireDivisible([levels[0].channels], by: 2) {
      "the first of 'block_out_channels' is \($0); an even number was expected, half sines and half cosines"
    }
    guard levels[0].channels / 2 > frequencyShift, (addedEmbedding?.numberSize ?? 4) / 2 > frequencyShift else {
      throw ModelError("\(file.path): 'freq_shift' leaves no frequencies for \(levels[0].channels) channels")
    }
    if let added = addedEmbedding {
      try file.requireDivisible([added.numberSize], by: 2) {
        "'addition_time_embed_dim' is \($0); an even number was expected, half sines and half cosines"
      }
    }
    if let size = guidanceEmbeddingSize, size < 4 || size % 2 != 0 {
      throw ModelError("\(file.path): 'time_cond_proj_dim' is \(size); an even number from 4 on was expected")
    }
    for level in levels {
      try file.requireDivisible([level.channels], by: level.headCount) {
        "\($0) in 'block_out_channels' is not a multiple of its 'attention_head_dim' \(level.headCount), "
          + "which is the number of heads"
      }
    }
    if let other = levels.first(where: { $0.crossAttentionSize != conditioningSize }) {
      throw ModelError(
        "\(file.path): 'cross_attention_dim' has \(conditioningSize) and \(other.crossAttentionSize); "
          + "one size for all levels was expected")
    }
    for (key, kernel) in [("conv_in_kernel", inputKernel), ("conv_out_kernel", outputKernel)] where kernel % 2 == 0 {
      throw ModelError("\(file.path): '\(key)' is \(kernel); an odd number was expected")
    }
  }

  /// Every setting of the class that changes its numbers and is done in one way only here.
  private static func refuseUnsupported(_ file: ConfigFile) throws {
    try file.require("act_fn", .string("silu"), .string("swish"))
    try file.require("mid_block_type", .string("UNetMidBlock2DCrossAttn"))
    try file.require("time_embedding_type", .string("positional"))
    try file.require("resnet_time_scale_shift", .string("default"))
    try file.require("attention_type", .string("default"), .null)
    for key in ["downsample_padding", "mid_block_scale_factor"] { try file.require(key, .int(1)) }
    try file.require("resnet_out_scale_factor", .int(1), .null)
    try file.require("addition_embed_type", .null, .string("text_time"))
    for key in [
      "only_cross_attention", "dual_cross_attention", "resnet_skip_time_act", "class_embeddings_concat",
    ] {
      try file.require(key, .bool(false))
    }
    try file.require("mid_block_only_cross_attention", .null, .bool(false))
    for key in [
      "num_attention_heads", "reverse_transformer_layers_per_block", "encoder_hid_dim", "encoder_hid_dim_type",
      "class_embed_type", "num_class_embeds", "time_embedding_act_fn", "timestep_post_act", "cross_attention_norm",
    ] {
      try file.require(key, .null)
    }
  }
}
