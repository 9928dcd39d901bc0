import Tensors

extension Tensor {
  /// [n, c, h, w] that goes on to the right and below until its sides are multiples of a size, with its own first columns
  /// and rows, as ComfyUI's `pad_to_patch_size` does.
  package func wrapped(toMultiplesOf size: Int) -> Tensor {
    guard shape.count == 4, count > 0, shape[2] % size != 0 || shape[3] % size != 0 else { return self }
    let (height, width) = (shape[2], shape[3])
    let rows = (height + size - 1) / size * size
    let columns = (width + size - 1) / size * size
    return Tensor(shape: [shape[0], shape[1], rows, columns]) { target in
      withUnsafeBufferPointer { source in
        for plane in 0..<shape[0] * shape[1] {
          for row in 0..<rows {
            for column in 0..<columns {
              target[(plane * rows + row) * columns + column] =
                source[(plane * height + row % height) * width + column % width]
            }
          }
        }
      }
    }
  }
}
