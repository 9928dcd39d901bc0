/// The shape of an image autoencoder, from `vae/config.json`; defaults as diffusers' AutoencoderKL.
package struct AutoencoderKLConfig: Sendable, Equatable {
  package let imageChannels: Int
  package let outputChannels: Int
  package let latentChannels: Int
  /// Channels of each level, outermost first.
  package let levelChannels: [Int]
  package let layersPerBlock: Int
  package let normGroups: Int
  /// What a latent is multiplied by before the UNet sees it.
  package private(set) var scalingFactor: Double
  package let hasQuantConv: Bool
  package let hasPostQuantConv: Bool
  package let hasMidAttention: Bool

  /// Pixels along one side of a latent pixel.
  package var factor: Int { 1 << (levelChannels.count - 1) }

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, sizes that do not fit each other or a setting that is not supported.
  package init(path: String) throws { try self.init(ConfigFile(path: path)) }

  /// The same with another factor, where a person knows it better than the file.
  func scaled(by factor: Double?) -> AutoencoderKLConfig {
    var config = self
    config.scalingFactor = factor ?? scalingFactor
    return config
  }

  package init(_ file: ConfigFile) throws {
    try file.require("act_fn", .string("silu"), .string("swish"))
    try file.require("shift_factor", .null, .int(0))
    for key in ["latents_mean", "latents_std"] { try file.require(key, .null) }
    let down = try file.choices("down_block_types", default: ["DownEncoderBlock2D"], of: ["DownEncoderBlock2D"])
    let up = try file.choices("up_block_types", default: ["UpDecoderBlock2D"], of: ["UpDecoderBlock2D"])
    levelChannels = try file.ints("block_out_channels", default: [64])
    guard down.count == levelChannels.count, up.count == levelChannels.count, levelChannels.count <= 16 else {
      throw ModelError(
        "\(file.path): 'down_block_types', 'up_block_types' and 'block_out_channels' have \(down.count), \(up.count) "
          + "and \(levelChannels.count) entries; the same number, at most 16, was expected")
    }
    imageChannels = try file.int("in_channels", default: 3)
    outputChannels = try file.int("out_channels", default: 3)
    latentChannels = try file.int("latent_channels", default: 4)
    layersPerBlock = try file.int("layers_per_block", default: 1, in: 1...1000)
    normGroups = try file.int("norm_num_groups", default: 32)
    scalingFactor = try file.float("scaling_factor", default: 0.18215)
    hasQuantConv = try file.bool("use_quant_conv", default: true)
    hasPostQuantConv = try file.bool("use_post_quant_conv", default: true)
    hasMidAttention = try file.bool("mid_block_add_attention", default: true)
    guard scalingFactor.isFinite, scalingFactor > 0 else {
      throw ModelError("\(file.path): 'scaling_factor' is \(scalingFactor); a number above 0 was expected")
    }
    try file.requireDivisible(levelChannels, by: normGroups) {
      "\($0) in 'block_out_channels' is not a multiple of 'norm_num_groups' \(normGroups)"
    }
  }
}
