import Foundation

extension Tensor {
  /// Resizes the last axis along arcs: [n, c, h, w] -> [n, c, h, width].
  ///
  /// Between two neighbours the vector of channels turns on the arc from one's direction to the other's, and its length goes
  /// linearly; neighbours that point the same way give the first of them, opposite ones their line. Source: ComfyUI's
  /// upscale method bislerp.
  func bislerpedColumns(to width: Int) -> Tensor {
    if width == shape[3] { return self }
    let (channels, height, columns) = (shape[1], shape[2], shape[3])
    let (plane, targetPlane) = (height * columns, height * width)
    let scale = Float(columns) / Float(width)
    return Tensor(shape: [shape[0], channels, height, width]) { target in
      guard let target = target.baseAddress else { return }
      withUnsafePointer { source in
        Parallel.forEach(shape[0] * height) { line in
          let (sample, row) = (line / height, line % height)
          let from = source + sample * channels * plane + row * columns
          let to = target + sample * channels * targetPlane + row * width
          for column in 0..<width {
            let (place, fraction) = LatentFilter.linearPlace(of: column, scale: scale)
            let pair = Arc(from + min(place, columns - 1), from + min(place + 1, columns - 1), channels, stride: plane)
            pair.point(place + 1 < columns ? fraction : 0) { to[column + $0 * targetPlane] = $1 }
          }
        }
      }
    }
  }

  /// [n, c, h, w] -> [n, c, w, h].
  func swappingRowsAndColumns() -> Tensor {
    reshaped([shape[0] * shape[1], shape[2], shape[3], 1]).channelsLast()
      .reshaped([shape[0], shape[1], shape[3], shape[2]])
  }
}

/// The way from one vector to another, of numbers that lie `stride` apart.
private struct Arc {
  private let start, end: UnsafePointer<Float>
  private let count, stride: Int
  private let startLength, endLength: Float
  /// The cosine of the angle between them.
  private let cosine: Float

  init(_ start: UnsafePointer<Float>, _ end: UnsafePointer<Float>, _ count: Int, stride: Int) {
    (self.start, self.end, self.count, self.stride) = (start, end, count, stride)
    var (a, b, product): (Double, Double, Double) = (0, 0, 0)
    for index in 0..<count {
      let (x, y) = (Double(start[index * stride]), Double(end[index * stride]))
      (a, b, product) = (a + x * x, b + y * y, product + x * y)
    }
    (startLength, endLength) = (Float(a.squareRoot()), Float(b.squareRoot()))
    let lengths = (a * b).squareRoot()
    cosine = lengths > 0 ? Float(min(max(product / lengths, -1), 1)) : 0
  }

  /// Gives every element of the point at `fraction` of the way.
  func point(_ fraction: Float, _ put: (Int, Float) -> Void) {
    let (first, second) = factors(fraction)
    for index in 0..<count { put(index, first * start[index * stride] + second * end[index * stride]) }
  }

  /// What both vectors are multiplied by.
  private func factors(_ fraction: Float) -> (Float, Float) {
    if cosine > 1 - 1e-5 { return (1, 0) }
    if cosine < 1e-5 - 1 { return (1 - fraction, fraction) }
    let angle = acos(cosine)
    let length = startLength * (1 - fraction) + endLength * fraction
    // A vector of no length has no direction.
    return (
      startLength > 0 ? sin((1 - fraction) * angle) / sin(angle) * length / startLength : 0,
      endLength > 0 ? sin(fraction * angle) / sin(angle) * length / endLength : 0
    )
  }
}
