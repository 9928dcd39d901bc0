/// The shape of a small autoencoder, from `config.json` or from the weights themselves; defaults as diffusers' AutoencoderTiny.
package struct AutoencoderTinyConfig: Sendable, Equatable {
  package let latentChannels: Int
  /// Channels of everything between pictures and latents.
  package let channels: Int
  /// Residual blocks of each level, in the order in which they come; nil where a file has only the other half.
  package let encoderBlocks: [Int]?
  package let decoderBlocks: [Int]?
  package private(set) var scalingFactor = 1.0
  package private(set) var shiftFactor = 0.0

  /// Pixels along one side of a latent pixel.
  package var pixelsPerLatent: Int { 1 << ((encoderBlocks ?? decoderBlocks ?? [0]).count - 1) }

  private static let mostLevels = 16

  /// Reads the config file.
  ///
  /// Throws `ModelError` for a wrong type, sizes that do not fit each other or a setting that is not supported.
  package init(_ file: ConfigFile) throws {
    try file.require("act_fn", .string("relu"))
    try file.require("upsample_fn", .string("nearest"))
    try file.require("upsampling_scaling_factor", .int(2))
    for key in ["in_channels", "out_channels"] { try file.require(key, .int(3)) }
    latentChannels = try file.int("latent_channels", default: 4)
    func half(_ name: String, default blocks: [Int]) throws -> (blocks: [Int], channels: [Int]) {
      (
        try file.ints("num_\(name)_blocks", default: blocks),
        try file.ints("\(name)_block_out_channels", default: [64, 64, 64, 64])
      )
    }
    let (encoder, decoder) = (
      try half("encoder", default: [1, 3, 3, 3]), try half("decoder", default: [3, 3, 3, 1])
    )
    let channels = encoder.channels + decoder.channels
    guard let first = channels.first, channels.allSatisfy({ $0 == first }) else {
      throw ModelError(
        "\(file.path): 'encoder_block_out_channels' and 'decoder_block_out_channels' hold several numbers; the same one for "
          + "all levels was expected")
    }
    self.channels = first
    let counts = [encoder.blocks, encoder.channels, decoder.blocks, decoder.channels].map(\.count)
    guard counts.allSatisfy({ $0 == counts[0] && (1...Self.mostLevels).contains($0) }) else {
      throw ModelError(
        "\(file.path): 'num_encoder_blocks', 'encoder_block_out_channels', 'num_decoder_blocks' and "
          + "'decoder_block_out_channels' have \(counts.map(String.init).joined(separator: ", ")) entries; the same number, at "
          + "most \(Self.mostLevels), was expected")
    }
    (encoderBlocks, decoderBlocks) = (encoder.blocks, decoder.blocks)
    scalingFactor = try file.float("scaling_factor", default: 1)
    shiftFactor = file.values["shift_factor"] ?? .null == .null ? 0 : try file.float("shift_factor", default: 0)
    guard scalingFactor.isFinite, scalingFactor > 0, shiftFactor.isFinite else {
      throw ModelError("\(file.path): 'scaling_factor' is \(scalingFactor); a number above 0 was expected")
    }
  }

  /// What names and shapes of weights tell, in diffusers' names: layers are numbered through, and a block between two
  /// convolutions belongs to the first of them.
  ///
  /// Throws `ModelError` for halves that do not fit each other.
  init(_ shapes: WeightShapes) throws {
    func blocks(_ half: String) throws -> [Int]? {
      guard shapes.has("\(half).layers.0.weight") else { return nil }
      var (levels, layer) = ([0], half == "encoder" ? 1 : 2)
      while true {
        if shapes.has("\(half).layers.\(layer).conv.0.weight") {
          levels[levels.count - 1] += 1
        } else if shapes.has("\(half).layers.\(layer).weight") {
          levels.append(0)
          // The decoder doubles the size in a layer without weights, of which the last level has none.
        } else if !(half == "decoder" && shapes.has("\(half).layers.\(layer + 1).weight")) {
          break
        }
        layer += 1
        guard levels.count <= Self.mostLevels + 1 else { break }
      }
      // The last convolution makes the result.
      guard levels.count > 1, levels.removeLast() == 0 else {
        throw ModelError(
          "\(shapes.path): the \(half) is not that of a small autoencoder (TAESD): it ends in no convolution")
      }
      return levels
    }
    (encoderBlocks, decoderBlocks) = (try blocks("encoder"), try blocks("decoder"))
    if let encoderBlocks, let decoderBlocks, encoderBlocks.count != decoderBlocks.count {
      throw ModelError(
        "\(shapes.path): the encoder has \(encoderBlocks.count) levels and the decoder \(decoderBlocks.count); the same "
          + "number was expected")
    }
    if let encoderBlocks {
      channels = try shapes.size("encoder.layers.0.weight", 0)
      let last = encoderBlocks.reduce(0, +) + encoderBlocks.count
      latentChannels = try shapes.size("encoder.layers.\(last).weight", 0)
    } else {
      channels = try shapes.size("decoder.layers.0.weight", 0)
      latentChannels = try shapes.size("decoder.layers.0.weight", 1)
    }
  }

  /// The same with other factors, where a person knows them better than the file.
  func scaled(by factor: Double?, shiftedBy shift: Double?) -> AutoencoderTinyConfig {
    var config = self
    config.scalingFactor = factor ?? scalingFactor
    config.shiftFactor = shift ?? shiftFactor
    return config
  }
}
