private let pixelsPerTile = 256

extension Tensor {
  /// Moves channels to the last axis: [n, c, h, w] -> [n, h, w, c].
  package func channelsLast() -> Tensor {
    precondition(shape.count == 4, "channels last of \(shape)")
    return transposedPlanes(rows: shape[1], columns: shape[2] * shape[3], [shape[0], shape[2], shape[3], shape[1]])
  }

  /// Moves channels to the second axis: [n, h, w, c] -> [n, c, h, w].
  package func channelsFirst() -> Tensor {
    precondition(shape.count == 4, "channels first of \(shape)")
    return transposedPlanes(rows: shape[1] * shape[2], columns: shape[3], [shape[0], shape[3], shape[1], shape[2]])
  }

  private func transposedPlanes(rows: Int, columns: Int, _ shape: [Int]) -> Tensor {
    Tensor(shape: shape) { y in
      guard let y = y.baseAddress else { return }
      withUnsafePointer { x in
        for first in stride(from: 0, to: count, by: max(rows * columns, 1)) {
          transpose(x + first, stride: columns, rows: rows, columns: columns, to: y + first, stride: rows)
        }
      }
    }
  }

  /// Joins channels-last tensors along the last axis: [n, ..., a] and [n, ..., b] -> [n, ..., a + b].
  package func concatenatingChannels(_ other: Tensor) -> Tensor {
    precondition(!shape.isEmpty && shape.dropLast() == other.shape.dropLast(), "channels of \(shape), \(other.shape)")
    let (a, b) = (shape[shape.count - 1], other.shape[other.shape.count - 1])
    return Profile.measure(.other, Profile.Work(floats: 2 * (count + other.count))) {
      Tensor(shape: shape.dropLast() + [a + b]) { y in
        guard let y = y.baseAddress, a + b > 0 else { return }
        let pixels = shape.dropLast().reduce(1, *)
        withUnsafePointer { x in
          other.withUnsafePointer { z in
            Parallel.forEach((pixels + pixelsPerTile - 1) / pixelsPerTile) { tile in
              for pixel in tile * pixelsPerTile..<min((tile + 1) * pixelsPerTile, pixels) {
                (y + pixel * (a + b)).update(from: x + pixel * a, count: a)
                (y + pixel * (a + b) + a).update(from: z + pixel * b, count: b)
              }
            }
          }
        }
      }
    }
  }

  /// Twice the height and width, each pixel repeated: [n, h, w, c] -> [n, 2 h, 2 w, c].
  package func upsampledNearest2x() -> Tensor { resizedNearest(height: 2 * shape[1], width: 2 * shape[2]) }
}
