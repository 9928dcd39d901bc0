import Tensors
import Weights

/// ESRGAN's generator, as BasicSR's RRDBNet.
///
/// Source: Wang and others 2018, section 3.1.
struct RRDBNet: UpscalingNetwork {
  private let first, body, hr, last: Conv2d
  private let blocks: [[DenseBlock]]
  private let enlarging: [Conv2d]

  init(
    _ weights: WeightScope, _ config: UpscalerConfig, blocks: Int, growth: Int, doublings: Int
  ) throws {
    let features = config.features
    first = try weights.conv("conv_first", inputs: 3 * config.unshuffle * config.unshuffle, outputs: features)
    self.blocks = try (0..<blocks).map { block in
      try (1...3).map {
        try DenseBlock(weights.scope("body", block).scope("rdb\($0)"), features: features, growth: growth)
      }
    }
    body = try weights.conv("conv_body", inputs: features, outputs: features)
    enlarging = try (0..<doublings).map { try weights.conv("conv_up\($0 + 1)", inputs: features, outputs: features) }
    hr = try weights.conv("conv_hr", inputs: features, outputs: features)
    last = try weights.conv("conv_last", inputs: features, outputs: 3)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let start = first(x)
    var deep = start
    for block in blocks {
      let inner = block.reduce(deep) { $1($0) }
      deep = Tensor.combination(residualShare, inner, 1, deep)
    }
    // Images of all features at the size of the result would take most of the memory.
    return body(deep, residual: start).mappedInStrips(
      rows: max(stripPixels / x.shape[2] / 4 * 4, 4), margin: stripMargin, channels: 3, scale: 1 << enlarging.count,
      enlarged)
  }

  private func enlarged(_ features: Tensor) -> Tensor {
    var picture = features
    for conv in enlarging {
      picture = conv(picture.nearestRows(height: 2 * picture.shape[1], width: 2 * picture.shape[2]))
        .rectified(slope: leak)
    }
    return last(hr(picture).rectified(slope: leak))
  }
}

/// How many pixels of features a strip gives, before they are enlarged.
private let stripPixels = 8192
/// How many rows more it sees: two are looked at, and two of Winograd's tiles away no bit differs.
private let stripMargin = 8

/// How much of what a block adds is added.
private let residualShare: Float = 0.2
/// The slope of the rectifiers below 0.
private let leak: Float = 0.2

/// Five convolutions, each of which sees what all before it made.
private struct DenseBlock: Sendable {
  private let convolutions: [Conv2d]

  init(_ weights: WeightScope, features: Int, growth: Int) throws {
    convolutions = try (0..<5).map {
      try weights.conv("conv\($0 + 1)", inputs: features + $0 * growth, outputs: $0 == 4 ? features : growth)
    }
  }

  /// [n, h, w, c] -> [n, h, w, c].
  func callAsFunction(_ x: Tensor) -> Tensor {
    var seen = x
    for conv in convolutions.dropLast() { seen = seen.concatenatingChannels(conv(seen).rectified(slope: leak)) }
    return Tensor.combination(residualShare, convolutions[4](seen), 1, x)
  }
}
