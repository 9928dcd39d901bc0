/// Image rows unfolded along the width: for every output column the kw * in values that one row of the kernel meets.
///
/// A row of the kernel then meets the rows of a block as one matrix [pixels, kw * in], and the next row of the kernel
/// the same matrix some image rows further on; so a patch is copied kw times, not kh * kw times. With a stride s the
/// image rows are kept in s groups, row by row modulo s, which keeps the rows of each matrix together.
struct PatchRows {
  private let height, width, channels, outWidth: Int
  private let kernelHeight, kernelWidth, stride: Int
  private let padding: Conv2d.Padding

  private static let mostElements = 8 << 20

  init(of layer: Conv2d, height: Int, width: Int, outWidth: Int) {
    (self.height, self.width, self.outWidth) = (height, width, outWidth)
    (kernelHeight, kernelWidth, channels) = (layer.kernelHeight, layer.kernelWidth, layer.inputs)
    (stride, padding) = (layer.stride, layer.padding)
  }

  /// Whether the image itself is the unfolded image, as for a 1x1 kernel.
  var areTheInput: Bool { kernelHeight == 1 && kernelWidth == 1 && stride == 1 && padding == 0 }

  /// How many output rows to unfold at a time.
  var rowsPerBlock: Int { max(Self.mostElements / (rowCount * stride) - kernelHeight, 1) }

  /// The elements that the patches for `rows` output rows take.
  func count(rows: Int) -> Int { offset(ofGroup: min(stride, kernelHeight), rows: rows) }

  /// Where in the patches for `rows` output rows the matrix of kernel row `row` begins.
  func offset(ofKernelRow row: Int, rows: Int) -> Int {
    offset(ofGroup: row % stride, rows: rows) + row / stride * rowCount
  }

  /// Unfolds what output rows `top..<top + rows` need of image `x` [h, w, in].
  func fill(_ patches: UnsafeMutablePointer<Float>, from x: UnsafePointer<Float>, top: Int, rows: Int) {
    for group in 0..<min(stride, kernelHeight) {
      let start = patches + offset(ofGroup: group, rows: rows)
      Parallel.forEach(rowsInGroup(group, rows: rows)) { index in
        let row = (top + index) * stride + group - padding.top
        let target = start + index * rowCount
        if row >= 0 && row < height {
          unfold(x + row * width * channels, to: target)
        } else {
          target.update(repeating: 0, count: rowCount)
        }
      }
    }
  }

  /// The elements of one unfolded row.
  private var rowCount: Int { outWidth * kernelWidth * channels }

  /// Group g serves kernel rows g, g + s, ...: the output rows, and one row more for each kernel row after the first.
  private func rowsInGroup(_ group: Int, rows: Int) -> Int { rows + (kernelHeight - 1 - group) / stride }

  private func offset(ofGroup group: Int, rows: Int) -> Int {
    (0..<group).reduce(0) { $0 + rowsInGroup($1, rows: rows) * rowCount }
  }

  private func unfold(_ row: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
    for column in 0..<outWidth {
      let left = column * stride - padding.left
      // How many of the kernel's columns lie before, after and inside the image.
      let before = min(max(-left, 0), kernelWidth)
      let after = min(max(left + kernelWidth - width, 0), kernelWidth - before)
      let inside = kernelWidth - before - after
      let target = target + column * kernelWidth * channels
      if before > 0 { target.update(repeating: 0, count: before * channels) }
      (target + before * channels).update(from: row + (left + before) * channels, count: inside * channels)
      if after > 0 { (target + (before + inside) * channels).update(repeating: 0, count: after * channels) }
    }
  }
}
