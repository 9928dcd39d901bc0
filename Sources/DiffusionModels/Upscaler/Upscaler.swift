import Tensors
import Weights

/// A network that makes pictures larger: RRDBNet or SRVGGNetCompact, as spandrel runs them.
package struct Upscaler: Sendable {
  package let config: UpscalerConfig
  private let network: any UpscalingNetwork

  /// Opens a file, safetensors or GGUF.
  ///
  /// Throws `ModelError` or `WeightFileError` for one that is no such network, or whose weights do not fit.
  package init(path: String, precision: Precision = .f32, warn: (String) -> Void = { _ in }) throws {
    let file = try openTensorFile(path: path)
    let config = try UpscalerConfig(file)
    self.config = config
    network = try WeightStore(file, places: config.places).load(precision: precision, warn: warn) {
      try Self.build($0, config)
    }
  }

  /// Accounts for every weight of a file without reading one.
  ///
  /// Throws as opening does, but for what only reading shows.
  package static func survey(path: String) throws {
    let file = try openTensorFile(path: path)
    let config = try UpscalerConfig(file)
    try WeightStore(file, places: config.places).survey { try build($0, config) }
  }

  private static func build(_ weights: WeightScope, _ config: UpscalerConfig) throws -> any UpscalingNetwork {
    switch config.network {
    case .residualDense(let blocks, let growth, let doublings):
      try RRDBNet(weights, config, blocks: blocks, growth: growth, doublings: doublings)
    case .compact(let convolutions): try CompactUpscaler(weights, config, convolutions: convolutions)
    }
  }

  /// Pictures in 0...1, larger: [n, 3, h, w] -> [n, 3, h scale, w scale], not cut to a range.
  ///
  /// Tiles of `tile` pixels a side are enlarged one after the other; each sees `margin` pixels more than it gives. For a network
  /// with unshuffled pixels sides that are no multiples of 4 are mirrored, and cut again, as spandrel does. Throws what `check`
  /// throws before a tile.
  package func callAsFunction(
    _ picture: Tensor, tile: Int, margin: Int, check: () throws -> Void = {}
  ) throws -> Tensor {
    let (height, width, unit) = (picture.shape[2], picture.shape[3], config.unshuffle == 1 ? 1 : 4)
    func whole(_ side: Int) -> Int { (side + unit - 1) / unit * unit }
    let isWhole = height % unit == 0 && width % unit == 0
    let padded =
      isWhole ? picture : picture.padded(top: 0, left: 0, height: whole(height), width: whole(width), .reflect)
    // Tiles begin where squares of pixels do.
    func axis(_ length: Int) -> TileAxis { TileAxis(length: length, size: whole(tile), margin: whole(margin)) }
    let large = try padded.mappedInTiles(
      axis(padded.shape[2]), axis(padded.shape[3]), channels: 3, scale: config.scale
    ) { tile in
      try check()
      let pixels = tile.channelsLast()
      return network(unit == 1 ? pixels : pixels.pixelsUnshuffled(config.unshuffle)).channelsFirst()
    }
    return isWhole ? large : large.region(top: 0, left: 0, height: height * config.scale, width: width * config.scale)
  }
}

/// [n, h, w, channels] -> [n, larger, larger, 3].
protocol UpscalingNetwork: Sendable {
  func callAsFunction(_ x: Tensor) -> Tensor
}
