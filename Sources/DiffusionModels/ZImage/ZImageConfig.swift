/// The shape of Z-Image's transformer, from `transformer/config.json`; defaults as diffusers' ZImageTransformer2DModel.
package struct ZImageConfig: Sendable, Equatable {
  package let latentChannels: Int
  package let width: Int
  package let layerCount, refinerCount: Int
  package let headCount: Int
  package let normEps: Double
  /// Width of the text encoder's states.
  package let conditioningSize: Int
  /// Channels of a head that are turned by each of three positions.
  package let rotaryAxes: [Int]
  package let rotaryTheta: Double
  /// Positions that there are along each axis.
  package let rotaryLengths: [Int]
  /// What the time, 0 in noise and 1 at the end, is multiplied by.
  package let timeScale: Double

  package var headWidth: Int { width / headCount }
  package var hiddenSize: Int { Int(Double(width) / 3 * 8) }
  /// Width of the vector that modulates.
  package var modulationSize: Int { min(width, 256) }
  /// Pixels of a latent along one side of a token.
  package static let patchSize = 2
  /// Tokens of text and of picture are filled up to multiples of this.
  package static let tokenMultiple = 32

  /// Reads the config file at `path`.
  ///
  /// Throws `ModelError` for a wrong type, sizes that do not fit each other or a setting that is not supported.
  package init(path: String) throws { try self.init(ConfigFile(path: path)) }

  package init(_ file: ConfigFile) throws {
    try file.require("all_patch_size", .array([.int(2)]))
    try file.require("all_f_patch_size", .array([.int(1)]))
    try file.require("qk_norm", .bool(true))
    try file.require("siglip_feat_dim", .null)
    latentChannels = try file.int("in_channels", default: 16)
    width = try file.int("dim", default: 3840)
    layerCount = try file.int("n_layers", default: 30, in: 0...1000)
    refinerCount = try file.int("n_refiner_layers", default: 2, in: 0...1000)
    headCount = try file.int("n_heads", default: 30, in: 1...4096)
    normEps = try file.float("norm_eps", default: 1e-5)
    conditioningSize = try file.int("cap_feat_dim", default: 2560)
    rotaryTheta = try file.float("rope_theta", default: 256)
    timeScale = try file.float("t_scale", default: 1000)
    guard rotaryTheta > 0, normEps >= 0 else {
      throw ModelError(
        "\(file.path): 'rope_theta' is \(rotaryTheta) and 'norm_eps' \(normEps); positive numbers were expected")
    }
    try file.requireDivisible([width], by: headCount) { "'dim' is \($0), which 'n_heads' does not divide" }
    rotaryAxes = try file.rotaryAxes("axes_dims", default: [32, 48, 48], headWidth: width / headCount)
    rotaryLengths = try file.ints("axes_lens", default: [1024, 512, 512])
    guard rotaryLengths.count == rotaryAxes.count else {
      throw ModelError("\(file.path): 'axes_lens' is \(rotaryLengths); a number for each of 'axes_dims' was expected")
    }
  }
}
