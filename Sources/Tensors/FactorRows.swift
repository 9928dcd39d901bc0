/// The rows of a product's first factor, in the precision that it is computed in.
///
/// In single precision they stay where they are; in bf16 they are rounded once, for all tiles and layers that take them.
struct FactorRows {
  /// Words from one row to the next, and from one sample to the next.
  private let stride, sampleStride: Int
  private let first: UnsafePointer<Float>
  private let rounded: AlignedStorage?

  private static let rowsPerTask = 16

  /// Rows of `inputs` numbers, so many of each sample; samples begin `sampleStride` numbers apart.
  init(
    _ x: UnsafePointer<Float>, samples: Int = 1, rows: Int, inputs: Int, sampleStride: Int = 0, precision: Precision
  ) {
    guard precision == .bf16 else {
      (stride, self.sampleStride, first, rounded) = (inputs, sampleStride, x, nil)
      return
    }
    let stride = Self.stride(words: precision.words(inputs))
    let storage = AlignedStorage(count: samples * rows * stride)
    let tasks = (rows + Self.rowsPerTask - 1) / Self.rowsPerTask
    Parallel.forEach(samples * tasks) { task in
      let (sample, part) = task.quotientAndRemainder(dividingBy: tasks)
      let row = part * Self.rowsPerTask
      PanelProduct.round(
        x + (sample * sampleStride + row * inputs), rows: min(Self.rowsPerTask, rows - row), depth: inputs,
        to: storage.elements + (sample * rows + row) * stride, stride: stride)
    }
    (self.stride, self.sampleStride, first, rounded) = (stride, rows * stride, UnsafePointer(storage.elements), storage)
  }

  /// Writes where some rows of a sample begin; good while this lives.
  func point(_ pointers: UnsafeMutablePointer<UnsafePointer<Float>?>, to rows: Range<Int>, sample: Int) {
    let first = first + (sample * sampleStride + rows.lowerBound * stride)
    for row in 0..<rows.count { (pointers + row).initialize(to: first + row * stride) }
  }

  /// A distance for rows of so many words: a line of the cache more than they take where sixteen would meet in a few of its
  /// sets.
  static func stride(words: Int) -> Int { words % 256 == 0 ? words + 16 : words }
}
