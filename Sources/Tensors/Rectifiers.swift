extension Tensor {
  /// `x` where it is above 0, else `slope x`, with a slope of at most 1: torch's leaky_relu, and its relu with slope 0.
  package func rectified(slope: Float) -> Tensor {
    precondition(slope <= 1, "a slope of \(slope)")
    return mapped { $0.maximum(slope * $0) }
  }

  /// The same with a slope for each channel [c] of [..., c]: torch's PReLU on channels-last images.
  package func rectified(slopes: Tensor) -> Tensor {
    let channels = slopes.count
    precondition(shape.last == channels, "\(channels) slopes for \(shape)")
    let pixelsPerTile = 1024
    let pixels = count / channels
    return Tensor(shape: shape) { target in
      guard let target = target.baseAddress else { return }
      withUnsafePointer { source in
        slopes.withUnsafePointer { slopes in
          Parallel.forEach((pixels + pixelsPerTile - 1) / pixelsPerTile) { tile in
            for pixel in tile * pixelsPerTile..<min((tile + 1) * pixelsPerTile, pixels) {
              let (from, to) = (source + pixel * channels, target + pixel * channels)
              for c in 0..<channels { to[c] = from[c] > 0 ? from[c] : slopes[c] * from[c] }
            }
          }
        }
      }
    }
  }

  /// Channels as squares of pixels, torch's pixel_shuffle: [n, h, w, c size²] -> [n, h size, w size, c], channels being in the
  /// order channel, row, column.
  package func pixelsShuffled(_ size: Int) -> Tensor {
    let (height, width, channels) = (shape[1], shape[2], shape[3] / (size * size))
    return Tensor(shape: [shape[0], height * size, width * size, channels]) { target in
      guard let target = target.baseAddress else { return }
      withUnsafePointer { source in
        Parallel.forEach(shape[0] * height * size) { line in
          let (row, inner) = (line / size, line % size)
          for column in 0..<width * size {
            let from = source + (row * width + column / size) * channels * size * size + inner * size + column % size
            let to = target + (line * width * size + column) * channels
            for c in 0..<channels { to[c] = from[c * size * size] }
          }
        }
      }
    }
  }

  /// Squares of pixels as channels, the way back: [n, h, w, c] -> [n, h / size, w / size, c size²].
  package func pixelsUnshuffled(_ size: Int) -> Tensor {
    let (height, width, channels) = (shape[1] / size, shape[2] / size, shape[3])
    return Tensor(shape: [shape[0], height, width, channels * size * size]) { target in
      guard let target = target.baseAddress else { return }
      withUnsafePointer { source in
        Parallel.forEach(shape[0] * height) { line in
          for column in 0..<width {
            let to = target + (line * width + column) * channels * size * size
            for place in 0..<size * size {
              let from =
                source + ((line * size + place / size) * width * size + column * size + place % size) * channels
              for c in 0..<channels { to[c * size * size + place] = from[c] }
            }
          }
        }
      }
    }
  }
}
