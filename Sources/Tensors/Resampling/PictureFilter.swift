import Foundation

/// The ways to resize pictures, as Pillow's `Image.resize` does; `area` is its BOX.
///
/// All but nearest widen their reach where a picture becomes smaller, so that every pixel counts.
package enum PictureFilter: String, Sendable, CaseIterable {
  case nearest, bilinear, bicubic, lanczos, area

  /// How an axis of one length, from 1 on, becomes one of another.
  package func axis(from inputs: Int, to outputs: Int) -> AxisFilter {
    precondition(inputs > 0 && outputs > 0, "\(inputs) samples to \(outputs)")
    let scale = Double(inputs) / Double(outputs)
    if self == .nearest {
      // A running sum, as Pillow's is: where a centre lies on the border of two pixels, it decides.
      var place = scale / 2
      let places = (0..<outputs).map { _ in
        defer { place += scale }
        return min(Int(place), inputs - 1)
      }
      return AxisFilter(inputs: inputs, choosing: places)
    }
    let widening = max(scale, 1)
    let reach = self.reach * widening
    return AxisFilter(
      inputs: inputs,
      taps: (0..<outputs).map { output in
        let centre = (Double(output) + 0.5) * scale
        let first = max(Int(centre - reach + 0.5), 0)
        let last = min(Int(centre + reach + 0.5), inputs)
        let raw = (first..<last).map { weight((Double($0) - centre + 0.5) / widening) }
        let sum = raw.reduce(0, +)
        return (first, raw.map { Float(sum == 0 ? $0 : $0 / sum) })
      })
  }

  /// How far from the centre pixels count, in pixels of the larger picture.
  private var reach: Double {
    switch self {
    case .nearest, .area: 0.5
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  private func weight(_ x: Double) -> Double {
    let distance = abs(x)
    switch self {
    case .nearest, .area: return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear: return max(1 - distance, 0)
    case .bicubic: return cubicWeight(distance, sharpness: -0.5)
    case .lanczos: return distance < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }

  private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(.pi * x) / (.pi * x) }
}

/// The weight of a sample at a distance in cubic convolution (Keys 1981, equation 8); `sharpness` is its a.
func cubicWeight<Number: BinaryFloatingPoint>(_ distance: Number, sharpness a: Number) -> Number {
  if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
  if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
  return 0
}

extension Tensor {
  /// Pictures [n, c, h, w] of another size, as Pillow 13 makes them of 8-bit pictures.
  ///
  /// First along rows, but where these grow and columns shrink; what overshoots the range is cut off after each axis. A picture
  /// of this size stays what it is.
  package func resizedPicture(
    height: Int, width: Int, _ filter: PictureFilter, in range: ClosedRange<Float>
  ) -> Tensor {
    let overshoots = filter == .bicubic || filter == .lanczos
    func cut(_ resized: Tensor, from x: Tensor) -> Tensor {
      overshoots && resized.shape != x.shape ? resized.clamped(to: range) : resized
    }
    func wide(_ x: Tensor) -> Tensor { cut(x.resampledColumns(filter.axis(from: x.shape[3], to: width)), from: x) }
    func high(_ x: Tensor) -> Tensor { cut(x.resampledRows(filter.axis(from: x.shape[2], to: height)), from: x) }
    return width > shape[3] && height < shape[2] ? wide(high(self)) : high(wide(self))
  }

  /// Every element brought into a range.
  package func clamped(to range: ClosedRange<Float>) -> Tensor {
    mapped { $0.clamped(range.lowerBound, range.upperBound) }
  }
}
