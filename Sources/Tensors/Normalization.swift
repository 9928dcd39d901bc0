/// Normalises groups of channels over a whole sample, as torch.nn.GroupNorm, on channels-last tensors.
package struct GroupNorm: Sendable {
  package let groups: Int
  package let eps: Float
  private let weight: Tensor  // [c]
  private let bias: Tensor  // [c]

  package init(groups: Int, eps: Float, weight: Tensor, bias: Tensor) {
    precondition(weight.shape.count == 1 && weight.shape == bias.shape, "\(weight) and \(bias) of a normalisation")
    precondition(groups > 0 && weight.count % groups == 0, "\(weight.count) channels in \(groups) groups")
    (self.groups, self.eps, self.weight, self.bias) = (groups, eps, weight, bias)
  }

  private static let pixelsPerTile = 64

  /// [n, ..., c] -> [n, ..., c], followed by SiLU if asked.
  package func callAsFunction(_ x: Tensor, silu: Bool = false) -> Tensor {
    guard x.count > 0 else { return x }
    let pixels = x.shape.dropFirst().dropLast().reduce(1, *)
    let image = x.shape.count == 4 ? x : x.reshaped([x.shape[0], pixels, 1, x.count / pixels / x.shape[0]])
    let rows = rows(of: image, silu: silu)
    return Profile.measure(.groupNorm, Profile.Work(floats: x.count)) { rows.tensor.reshaped(x.shape) }
  }

  /// The normalised image, made as it is read: [n, h, w, c] -> [n, h, w, c].
  package func rows(of x: Tensor, silu: Bool = false) -> ImageRows {
    rows(of: x, lines: Profile.measure(.groupNorm, Profile.Work(floats: x.count)) { samplewiseLines(x) }, silu: silu)
  }

  /// Some rows of one image, [1, rows, w, c], normalised by the statistics of all of it.
  package func rows(of x: Tensor, statistics: ChannelStatistics, silu: Bool = false) -> ImageRows {
    let lines = lines(samples: 1) { _, channels in statistics.meanAndVariance(channels: channels) }
    return rows(of: x, lines: lines, silu: silu)
  }

  private func rows(of x: Tensor, lines: Tensor, silu: Bool) -> ImageRows {
    let channels = weight.count
    precondition(
      x.shape.count == 4 && x.shape[3] == channels, "\(x.shape) into a normalisation of \(channels) channels")
    let (height, width) = (x.shape[1], x.shape[2])
    return ImageRows(shape: x.shape) { sample, row, target in
      x.withUnsafePointer { x in
        lines.withUnsafePointer { lines in
          let source = x + (sample * height + row) * width * channels
          let factors = lines + sample * 2 * channels
          for offset in stride(from: 0, to: width * channels, by: channels) {
            if silu {
              applyLines(source + offset, target + offset, factors: factors, channels: channels) { Tensors.silu($0) }
            } else {
              applyLines(source + offset, target + offset, factors: factors, channels: channels) { $0 }
            }
          }
        }
      }
    }
  }

  private func samplewiseLines(_ x: Tensor) -> Tensor {
    let (channels, samples, pixels) = (weight.count, x.shape[0], x.shape[1] * x.shape[2])
    precondition(
      x.shape.count == 4 && x.shape[3] == channels, "\(x.shape) into a normalisation of \(channels) channels")
    let tiles = (pixels + Self.pixelsPerTile - 1) / Self.pixelsPerTile
    let moments = ChannelMoments(
      samples: samples, pixels: pixels, channels: channels, pixelsPerTile: Self.pixelsPerTile)
    x.withUnsafePointer { x in Parallel.forEach(samples * tiles) { moments.measure(x, tile: $0) } }
    return lines(samples: samples) { moments.meanAndVariance(sample: $0, channels: $1) }
  }

  /// For every sample the factors, then the constants, of `y = factor x + constant` by channel: [n, 2, c].
  private func lines(
    samples: Int, _ meanAndVariance: (_ sample: Int, _ channels: Range<Int>) -> (mean: Double, variance: Double)
  ) -> Tensor {
    let (channels, width) = (weight.count, weight.count / groups)
    return Tensor(shape: [samples, 2, channels]) { lines in
      weight.withUnsafePointer { weight in
        bias.withUnsafePointer { bias in
          for sample in 0..<samples {
            for group in 0..<groups {
              let range = group * width..<(group + 1) * width
              let (mean, variance) = meanAndVariance(sample, range)
              let scale = 1 / (variance + Double(eps)).squareRoot()
              for channel in range {
                let factor = Float(scale) * weight[channel]
                lines[2 * sample * channels + channel] = factor
                lines[(2 * sample + 1) * channels + channel] = Float(Double(bias[channel]) - mean * Double(factor))
              }
            }
          }
        }
      }
    }
  }
}

/// Writes `activation(factor x + constant)` for one pixel; the constants follow the factors.
@inline(__always) private func applyLines(
  _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, factors: UnsafePointer<Float>, channels: Int,
  _ activation: (Vector) -> Vector
) {
  let constants = factors + channels
  forEachVector(0..<channels) { c in
    let line = Vector(loading: constants + c).addingProduct(Vector(loading: x + c), Vector(loading: factors + c))
    activation(line).store(to: y + c)
  } tail: { c, lanes in
    let line = Vector(loading: constants + c, count: lanes)
      .addingProduct(Vector(loading: x + c, count: lanes), Vector(loading: factors + c, count: lanes))
    activation(line).store(to: y + c, count: lanes)
  }
}

/// Normalises the channels of each token or pixel, as torch.nn.LayerNorm.
package struct LayerNorm: Sendable {
  package let eps: Float
  private let weight: Tensor  // [c]
  private let bias: Tensor  // [c]

  package init(eps: Float = 1e-5, weight: Tensor, bias: Tensor) {
    precondition(weight.shape.count == 1 && weight.shape == bias.shape, "\(weight) and \(bias) of a normalisation")
    (self.eps, self.weight, self.bias) = (eps, weight, bias)
  }

  private static let rowsPerTile = 32

  /// Normalises the last axis: [..., c] -> [..., c].
  package func callAsFunction(_ x: Tensor) -> Tensor {
    let channels = weight.count
    precondition(x.shape.last == channels, "\(x.shape) into a normalisation of \(channels) channels")
    return Profile.measure(.layerNorm, Profile.Work(floats: 2 * x.count)) { normalize(x, channels: channels) }
  }

  private func normalize(_ x: Tensor, channels: Int) -> Tensor {
    Tensor(shape: x.shape) { y in
      guard let y = y.baseAddress, x.count > 0 else { return }
      let rows = x.count / channels
      x.withUnsafePointer { x in
        weight.withUnsafePointer { weight in
          bias.withUnsafePointer { bias in
            Parallel.forEach((rows + Self.rowsPerTile - 1) / Self.rowsPerTile) { tile in
              for row in tile * Self.rowsPerTile..<min((tile + 1) * Self.rowsPerTile, rows) {
                normalize(x + row * channels, y + row * channels, weight: weight, bias: bias)
              }
            }
          }
        }
      }
    }
  }

  private func normalize(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>
  ) {
    let channels = self.weight.count
    var sums = Vector.zero
    forEachVector(0..<channels) { c in
      sums += Vector(loading: x + c)
    } tail: { c, lanes in
      sums += Vector(loading: x + c, count: lanes)
    }
    let mean = sums.laneSum / Float(channels)
    let center = Vector(repeating: mean)
    var squares = Vector.zero
    forEachVector(0..<channels) { c in
      let distance = Vector(loading: x + c) - center
      squares = squares.addingProduct(distance, distance)
    } tail: { c, lanes in
      let distance = Vector(loading: x + c, count: lanes, filler: mean) - center
      squares = squares.addingProduct(distance, distance)
    }
    let scale = Vector(repeating: 1 / (squares.laneSum / Float(channels) + eps).squareRoot())
    forEachVector(0..<channels) { c in
      Vector(loading: bias + c)
        .addingProduct((Vector(loading: x + c) - center) * scale, Vector(loading: weight + c)).store(to: y + c)
    } tail: { c, lanes in
      Vector(loading: bias + c, count: lanes)
        .addingProduct(
          (Vector(loading: x + c, count: lanes) - center) * scale, Vector(loading: weight + c, count: lanes)
        )
        .store(to: y + c, count: lanes)
    }
  }
}
