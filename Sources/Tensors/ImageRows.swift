/// A batch of channels-last images that are made row by row, so that a convolution can read them without their ever
/// existing as a whole.
package struct ImageRows {
  /// [n, h, w, c].
  package let shape: [Int]
  /// Where the rows lie, if they exist.
  let source: Tensor?
  /// Writes row `row` of sample `sample`, [w, c].
  private let write: (_ sample: Int, _ row: Int, _ target: UnsafeMutablePointer<Float>) -> Void

  init(
    shape: [Int], write: @escaping (_ sample: Int, _ row: Int, _ target: UnsafeMutablePointer<Float>) -> Void
  ) {
    (self.shape, self.write, source) = (shape, write, nil)
  }

  /// The rows of a tensor [n, h, w, c].
  init(_ tensor: Tensor) {
    (shape, source) = (tensor.shape, tensor)
    write = { _, _, _ in preconditionFailure("rows that exist are not written") }
  }

  /// Writes some rows of a sample, [rows, w, c].
  func write(sample: Int, rows: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    let size = shape[2] * shape[3]
    Parallel.forEach(rows.count) { write(sample, rows.lowerBound + $0, target + $0 * size) }
  }

  /// Gives `body` a row of a sample, [w, c], made in `scratch` where it does not exist.
  func withRow(
    _ row: Int, sample: Int, scratch: UnsafeMutablePointer<Float>, _ body: (UnsafePointer<Float>) -> Void
  ) {
    let size = shape[2] * shape[3]
    if let source { return source.withUnsafePointer { body($0 + (sample * shape[1] + row) * size) } }
    write(sample, row, scratch)
    body(scratch)
  }

  /// All of them.
  package var tensor: Tensor {
    if let source { return source }
    return Tensor(shape: shape) { y in
      guard let y = y.baseAddress, !shape.contains(0) else { return }
      let (height, size) = (shape[1], shape[2] * shape[3])
      Parallel.forEach(shape[0] * height) { write($0 / height, $0 % height, y + $0 * size) }
    }
  }
}

extension Tensor {
  /// Nearest-neighbour scaling, as torch's interpolate: [n, h, w, c] -> [n, height, width, c].
  package func nearestRows(height: Int, width: Int) -> ImageRows {
    precondition(shape.count == 4, "\(shape) is not [n, h, w, c]")
    let (h, w, channels) = (shape[1], shape[2], shape[3])
    return ImageRows(shape: [shape[0], height, width, channels]) { sample, row, target in
      withUnsafePointer { x in
        let source = x + (sample * h + row * h / height) * w * channels
        for column in 0..<width {
          (target + column * channels).update(from: source + column * w / width * channels, count: channels)
        }
      }
    }
  }

  /// Rows `rows` of an image that is twice as high and wide as one whose rows from `first` on are here:
  /// [1, ..., w, c] -> [1, rows, 2 w, c].
  package func doubledRows(_ rows: Range<Int>, from first: Int) -> ImageRows {
    let (w, channels) = (shape[2], shape[3])
    return ImageRows(shape: [1, rows.count, 2 * w, channels]) { _, row, target in
      withUnsafePointer { x in
        let source = x + ((rows.lowerBound + row) / 2 - first) * w * channels
        for column in 0..<2 * w {
          (target + column * channels).update(from: source + column / 2 * channels, count: channels)
        }
      }
    }
  }

  /// As `nearestRows`, all of them.
  package func resizedNearest(height: Int, width: Int) -> Tensor {
    Profile.measure(.other, Profile.Work(floats: count + shape[0] * height * width * shape[3])) {
      nearestRows(height: height, width: width).tensor
    }
  }
}
