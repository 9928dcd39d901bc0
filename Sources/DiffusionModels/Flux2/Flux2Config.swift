/// The shape of FLUX.2's transformer, from `transformer/config.json`; defaults as diffusers' Flux2Transformer2DModel.
package struct Flux2Config: Sendable, Equatable {
  /// Numbers of a token, which is one pixel of a latent.
  package let inputChannels: Int
  package let outputChannels: Int
  /// Blocks with streams of their own for text and picture, and blocks on both together.
  package let layerCount, singleLayerCount: Int
  package let headCount, headWidth: Int
  /// Width of the text encoder's states.
  package let conditioningSize: Int
  /// Width of the sinusoids of time and guidance.
  package let timeSize: Int
  /// Width of the hidden layers.
  package let hiddenSize: Int
  /// Channels of a head that are turned by each of four positions.
  package let rotaryAxes: [Int]
  package let rotaryTheta: Double
  package let eps: Double
  /// Whether the model is told a guidance scale, as dev is and klein is not.
  package let embedsGuidance: Bool

  package var width: Int { headCount * headWidth }

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, sizes that do not fit each other or a setting that is not supported.
  package init(path: String) throws { try self.init(ConfigFile(path: path)) }

  package init(_ file: ConfigFile) throws {
    try file.require("patch_size", .int(1))
    inputChannels = try file.int("in_channels", default: 128)
    outputChannels = try file.optionalInt("out_channels") ?? inputChannels
    layerCount = try file.int("num_layers", default: 8, in: 0...1000)
    singleLayerCount = try file.int("num_single_layers", default: 48, in: 0...1000)
    headCount = try file.int("num_attention_heads", default: 48, in: 1...4096)
    headWidth = try file.int("attention_head_dim", default: 128, in: 2...4096)
    conditioningSize = try file.int("joint_attention_dim", default: 15360)
    timeSize = try file.int("timestep_guidance_channels", default: 256, in: 2...(1 << 16))
    let ratio = try file.float("mlp_ratio", default: 3)
    guard ratio > 0, ratio <= 64, Int(Double(headCount * headWidth) * ratio) > 0 else {
      throw ModelError("\(file.path): 'mlp_ratio' is \(ratio); a number above 0, at most 64, was expected")
    }
    hiddenSize = Int(Double(headCount * headWidth) * ratio)
    rotaryAxes = try file.rotaryAxes("axes_dims_rope", default: [32, 32, 32, 32], headWidth: headWidth)
    rotaryTheta = try file.float("rope_theta", default: 2000)
    eps = try file.float("eps", default: 1e-6)
    guard rotaryTheta > 0, eps >= 0 else {
      throw ModelError("\(file.path): 'rope_theta' is \(rotaryTheta) and 'eps' \(eps); positive numbers were expected")
    }
    embedsGuidance = try file.bool("guidance_embeds", default: true)
  }
}
