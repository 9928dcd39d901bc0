/// The ways to resize latents: torch's `interpolate` without antialiasing, and an arc in place of its line.
package enum LatentFilter: String, Sendable, CaseIterable {
  case nearest
  case nearestExact = "nearest-exact"
  case bilinear, bicubic, area, bislerp

  /// How an axis of one length, from 1 on, becomes one of another; of `bislerp` that of bilinear.
  func axis(from inputs: Int, to outputs: Int) -> AxisFilter {
    precondition(inputs > 0 && outputs > 0, "\(inputs) samples to \(outputs)")
    let scale = Float(inputs) / Float(outputs)
    switch self {
    case .nearest:
      return AxisFilter(inputs: inputs, choosing: (0..<outputs).map { min(Int(Float($0) * scale), inputs - 1) })
    case .nearestExact:
      return AxisFilter(
        inputs: inputs, choosing: (0..<outputs).map { min(Int((Float($0) + 0.5) * scale), inputs - 1) })
    case .bilinear, .bislerp:
      return AxisFilter(
        inputs: inputs,
        taps: (0..<outputs).map { output in
          let (place, fraction) = Self.linearPlace(of: output, scale: scale)
          return place + 1 < inputs ? (place, [1 - fraction, fraction]) : (inputs - 1, [1])
        })
    case .bicubic:
      return AxisFilter(
        inputs: inputs, taps: (0..<outputs).map { Self.cubicTaps(of: $0, scale: scale, inputs: inputs) })
    case .area:
      return AxisFilter(
        inputs: inputs,
        taps: (0..<outputs).map { output in
          let (first, end) = (output * inputs / outputs, ((output + 1) * inputs + outputs - 1) / outputs)
          return (first, Array(repeating: 1 / Float(end - first), count: end - first))
        })
    }
  }

  /// The sample before an output's place, and how far beyond it that lies.
  static func linearPlace(of output: Int, scale: Float) -> (place: Int, fraction: Float) {
    let exact = max(scale * (Float(output) + 0.5) - 0.5, 0)
    return (Int(exact), exact - Float(Int(exact)))
  }

  /// Four samples around an output's place, those beyond the ends being the ends.
  private static func cubicTaps(of output: Int, scale: Float, inputs: Int) -> (start: Int, weights: [Float]) {
    let exact = scale * (Float(output) + 0.5) - 0.5
    let place = Int(exact.rounded(.down))
    let fraction = exact - Float(place)
    let places = (place - 1...place + 2).map { min(max($0, 0), inputs - 1) }
    var weights = [Float](repeating: 0, count: places[3] - places[0] + 1)
    for (tap, distance) in [fraction + 1, fraction, 1 - fraction, 2 - fraction].enumerated() {
      weights[places[tap] - places[0]] += cubicWeight(distance, sharpness: -0.75)
    }
    return (places[0], weights)
  }
}

extension Tensor {
  /// Latents [n, c, h, w] of another size.
  package func resizedLatent(height: Int, width: Int, _ filter: LatentFilter) -> Tensor {
    if filter == .bislerp {
      // Columns along rows, then the same along columns.
      return bislerpedColumns(to: width).swappingRowsAndColumns().bislerpedColumns(to: height).swappingRowsAndColumns()
    }
    return resampledColumns(filter.axis(from: shape[3], to: width))
      .resampledRows(filter.axis(from: shape[2], to: height))
  }

  /// Squares of two pixels as their means, of what there is of them at odd sides, as torch's avg_pool2d with ceil_mode:
  /// [n, c, h, w] -> [n, c, height, width], half of them.
  package func resizedByMeans(height: Int, width: Int) -> Tensor {
    func axis(_ inputs: Int, _ outputs: Int) -> AxisFilter {
      AxisFilter(
        inputs: inputs,
        taps: (0..<outputs).map { 2 * $0 + 1 < inputs ? (2 * $0, [0.5, 0.5]) : (2 * $0, [1]) })
    }
    return resampledColumns(axis(shape[3], width)).resampledRows(axis(shape[2], height))
  }
}
