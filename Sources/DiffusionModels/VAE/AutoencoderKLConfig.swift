/// The shape of an image autoencoder, from `vae/config.json`; defaults as diffusers' AutoencoderKL and AutoencoderKLFlux2.
package struct AutoencoderKLConfig: Sendable, Equatable {
  package let imageChannels: Int
  package let outputChannels: Int
  /// Channels of what the encoder makes, before patches.
  package let latentChannels: Int
  /// Channels of each level, outermost first.
  package let levelChannels: [Int]
  /// The same of the decoder, where it is of another width.
  package let decoderChannels: [Int]
  package let layersPerBlock: Int
  package let normGroups: Int
  /// What a latent is multiplied by before the denoiser sees it, and what is taken from it before that.
  package private(set) var scalingFactor: Double
  package private(set) var shiftFactor: Double
  /// What is added to the stored variances where squares of the latent become channels, which are standardised: in FLUX.2;
  /// nil elsewhere.
  package let patchEps: Double?
  package let hasQuantConv: Bool
  package let hasPostQuantConv: Bool
  package let hasMidAttention: Bool

  /// Pixels along one side of what the encoder makes a pixel of.
  package var factor: Int { 1 << (levelChannels.count - 1) }
  /// Pixels of that along one side of a latent pixel.
  package var patchSize: Int { patchEps == nil ? 1 : 2 }
  /// Channels of a latent as denoisers see it, [n, c, h, w].
  package var modelChannels: Int { latentChannels * patchSize * patchSize }
  /// Pixels of a picture along one side of a latent pixel.
  package var pixelsPerLatent: Int { factor * patchSize }

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, sizes that do not fit each other or a setting that is not supported.
  package init(path: String) throws { try self.init(ConfigFile(path: path)) }

  /// The same with other factors, where a person knows them better than the file.
  func scaled(by factor: Double?, shiftedBy shift: Double?) -> AutoencoderKLConfig {
    var config = self
    config.scalingFactor = factor ?? scalingFactor
    config.shiftFactor = shift ?? shiftFactor
    return config
  }

  package init(_ file: ConfigFile) throws {
    try file.require("act_fn", .string("silu"), .string("swish"))
    let isPatched = file.values["_class_name"] == .string("AutoencoderKLFlux2")
    if isPatched { try file.require("patch_size", .array([.int(2), .int(2)])) }
    for key in ["latents_mean", "latents_std"] { try file.require(key, .null) }
    let down = try file.choices(
      "down_block_types", default: ["DownEncoderBlock2D"], of: ["DownEncoderBlock2D"])
    let up = try file.choices(
      "up_block_types", default: ["UpDecoderBlock2D"], of: ["UpDecoderBlock2D"])
    levelChannels = try file.ints(
      "block_out_channels", default: isPatched ? [128, 256, 512, 512] : [64])
    decoderChannels =
      file.values["decoder_block_out_channels"] ?? .null == .null
      ? levelChannels : try file.ints("decoder_block_out_channels", default: levelChannels)
    guard down.count == levelChannels.count, up.count == levelChannels.count,
      levelChannels.count <= 16
    else {
      throw ModelError(
        "\(file.path): 'down_block_types', 'up_block_types' and 'block_out_channels' have \(down.count), \(up.count) "
          + "and \(levelChannels.count) entries; the same number, at most 16, was expected")
    }
    imageChannels = try file.int("in_channels", default: 3)
    outputChannels = try file.int("out_channels", default: 3)
    latentChannels = try file.int("latent_channels", default: isPatched ? 32 : 4)
    layersPerBlock = try file.int("layers_per_block", default: isPatched ? 2 : 1, in: 1...1000)
    normGroups = try file.int("norm_num_groups", default: 32)
    // What diffusers saves of FLUX.2's beside the statistics has no effect.
    scalingFactor = isPatched ? 1 : try file.float("scaling_factor", default: 0.18215)
    let hasShift = !isPatched && file.values["shift_factor"] ?? .null != .null
    shiftFactor = hasShift ? try file.float("shift_factor", default: 0) : 0
    patchEps = isPatched ? try file.float("batch_norm_eps", default: 1e-4) : nil
    hasQuantConv = try file.bool("use_quant_conv", default: true)
    hasPostQuantConv = try file.bool("use_post_quant_conv", default: true)
    hasMidAttention = try file.bool("mid_block_add_attention", default: true)
    guard scalingFactor.isFinite, scalingFactor > 0 else {
      throw ModelError("\(file.path): 'scaling_factor' is \(scalingFactor); a number above 0 was expected")
    }
    guard shiftFactor.isFinite else {
      throw ModelError("\(file.path): 'shift_factor' is \(shiftFactor); a number was expected")
    }
    guard decoderChannels.count == levelChannels.count else {
      throw ModelError(
        "\(file.path): 'decoder_block_out_channels' and 'block_out_channels' have \(decoderChannels.count) and "
          + "\(levelChannels.count) entries; the same number was expected")
    }
    try file.requireDivisible(levelChannels + decoderChannels, by: normGroups) {
      "\($0) in 'block_out_channels' is not a multiple of 'norm_num_groups' \(normGroups)"
    }
  }
}
