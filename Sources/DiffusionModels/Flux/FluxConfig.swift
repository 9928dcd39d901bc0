/// The shape of FLUX.1's transformer, from `transformer/config.json`; defaults as diffusers' FluxTransformer2DModel.
package struct FluxConfig: Sendable, Equatable {
  /// Numbers of a token: channels of a latent pixel times 4, with what the model sees beside the latent.
  package private(set) var inputChannels: Int
  /// Numbers that the model gives for a token: the latent's alone.
  package let outputChannels: Int
  /// Blocks with streams of their own for text and picture, and blocks on both together.
  package let layerCount, singleLayerCount: Int
  package let headCount, headWidth: Int
  /// Width of the text encoder's states.
  package let conditioningSize: Int
  /// Width of the text's pooled vector.
  package let pooledSize: Int
  /// Whether the model is told a guidance scale, as dev is and schnell is not.
  package let embedsGuidance: Bool
  /// Channels of a head that are turned by each of three positions.
  package let rotaryAxes: [Int]

  package var width: Int { headCount * headWidth }

  /// The same that sees more beside the latent.
  func widened(to inputChannels: Int) -> FluxConfig {
    var config = self
    config.inputChannels = inputChannels
    return config
  }

  /// Pixels of a latent along one side of a token.
  package static let patchSize = 2
  package var latentChannels: Int { outputChannels / (Self.patchSize * Self.patchSize) }
  /// Channels that the model sees beside the latent's.
  package var concatChannels: Int { (inputChannels - outputChannels) / (Self.patchSize * Self.patchSize) }
  /// What they are for; nil where there are none.
  package var tool: FluxTool? { FluxTool(channels: concatChannels, latentChannels: latentChannels) }
  /// Whether the model may be FLUX.1 Kontext, whose weights have dev's names and sizes.
  package var takesReferences: Bool { embedsGuidance && tool == nil }
  /// What sets the model apart within its family.
  package var variant: String {
    [tool?.name, embedsGuidance ? "dev" : "schnell"].compactMap(\.self).joined(separator: " ")
  }

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, sizes that do not fit each other or a setting that is not supported.
  package init(path: String) throws { try self.init(ConfigFile(path: path)) }

  package init(_ file: ConfigFile) throws {
    try file.require("patch_size", .int(1))
    inputChannels = try file.int("in_channels", default: 64)
    outputChannels = try file.optionalInt("out_channels") ?? inputChannels
    layerCount = try file.int("num_layers", default: 19, in: 0...1000)
    singleLayerCount = try file.int("num_single_layers", default: 38, in: 0...1000)
    headCount = try file.int("num_attention_heads", default: 24, in: 1...4096)
    headWidth = try file.int("attention_head_dim", default: 128, in: 2...4096)
    conditioningSize = try file.int("joint_attention_dim", default: 4096)
    pooledSize = try file.int("pooled_projection_dim", default: 768)
    embedsGuidance = try file.bool("guidance_embeds", default: false)
    rotaryAxes = try file.rotaryAxes("axes_dims_rope", default: [16, 56, 56], headWidth: headWidth)
    try file.requireDivisible([inputChannels, outputChannels], by: Self.patchSize * Self.patchSize) {
      "\($0) in 'in_channels' or 'out_channels' is not a multiple of 4, the pixels of a token"
    }
    guard inputChannels >= outputChannels else {
      throw ModelError(
        "\(file.path): 'in_channels' is \(inputChannels) and 'out_channels' \(outputChannels); as many were expected, or "
          + "more of a model that sees something beside the latent")
    }
  }
}

extension ConfigFile {
  /// How many channels of a head each position turns: even numbers that together are the head's width.
  package func rotaryAxes(_ key: String, default fallback: [Int], headWidth: Int) throws -> [Int] {
    let axes = try ints(key, default: fallback, in: 2...4096)
    guard axes.count == fallback.count, axes.reduce(0, +) == headWidth, axes.allSatisfy({ $0 % 2 == 0 }) else {
      throw ModelError(
        "\(path): '\(key)' is \(axes); \(fallback.count) even numbers were expected whose sum is the width of a head, "
          + "\(headWidth)")
    }
    return axes
  }
}
