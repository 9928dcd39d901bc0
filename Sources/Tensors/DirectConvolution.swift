/// A convolution as one product: the row of an output pixel is, for each position of the kernel, the pixel under it.
///
/// The product takes pointers to its rows, so the image is not unfolded. Pixels outside it are a row of zeros; where it is
/// rounded to bf16 it gets zeros around it, so that the pixels of a line are at equal distances.
struct DirectConvolution {
  let layer: Conv2d
  let image: ConvolutionImage

  /// Where the pixels are.
  private struct Pixels {
    /// The pixel in row 0 and column 0.
    let first: UnsafePointer<Float>
    let stride, rowStride: Int
    /// Those that exist.
    let rows, columns: Range<Int>
    let outside: UnsafePointer<Float>

    @inline(__always) subscript(row: Int, column: Int) -> UnsafePointer<Float> {
      rows.contains(row) && columns.contains(column) ? first + (row * rowStride + column * stride) : outside
    }
  }

  /// Convolves one sample, [h, w, in] -> [h', w', out]; in single precision the rows must exist.
  func convolve(_ x: ImageRows, sample: Int, addends: Addends, y: UnsafeMutablePointer<Float>) {
    let zeros = AlignedStorage(count: image.channels)
    zeros.elements.update(repeating: 0, count: image.channels)
    switch layer.weight.precision {
    case .f32:
      x.source?.sample(sample).withUnsafePointer {
        let pixels = Pixels(
          first: $0, stride: image.channels, rowStride: image.width * image.channels, rows: 0..<image.height,
          columns: 0..<image.width, outside: zeros.elements)
        multiply(pixels, addends: addends, y: y)
      }
    case .bf16:
      withRounded(x, sample: sample, outside: zeros.elements) { multiply($0, addends: addends, y: y) }
    }
    withExtendedLifetime(zeros) {}
  }

  private func multiply(_ pixels: Pixels, addends: Addends, y: UnsafeMutablePointer<Float>) {
    let tiles = ProductTiles(
      rows: image.outHeight * image.outWidth, columns: layer.outputs, widens: layer.weight.staysInFile,
      precision: layer.weight.precision)
    tiles.forEach(samples: 1) { tile in
      let origin = y + tile.rows.lowerBound * layer.outputs + tile.columns.lowerBound
      withUnsafeTemporaryAllocation(
        of: UnsafePointer<Float>?.self, capacity: layer.weight.taps * tile.rows.count
      ) { rows in
        guard let rows = rows.baseAddress else { return }
        point(rows, to: pixels, range: tile.rows)
        layer.weight.multiply(tile, a: rows, addends: addends, y: origin, yStride: layer.outputs)
      }
    }
  }

  /// Gives `body` a sample in bf16, its channels filled up to whole words, with the zeros that the kernel meets around it.
  private func withRounded(
    _ x: ImageRows, sample: Int, outside: UnsafePointer<Float>, _ body: (Pixels) -> Void
  ) {
    let padding = layer.padding
    let (rows, columns) = (-padding.top..<image.height + padding.bottom, -padding.left..<image.width + padding.right)
    let stride = FactorRows.stride(words: layer.weight.depth)
    let rowStride = columns.count * stride
    let storage = AlignedStorage(count: rows.count * rowStride)
    let rowSize = image.width * image.channels
    Parallel.forEach(rows.count, scratch: x.source == nil ? rowSize : 0) { index, scratch in
      let (row, target) = (rows.lowerBound + index, storage.elements + index * rowStride)
      guard (0..<image.height).contains(row) else { return target.update(repeating: 0, count: rowStride) }
      target.update(repeating: 0, count: padding.left * stride)
      (target + (padding.left + image.width) * stride).update(repeating: 0, count: padding.right * stride)
      x.withRow(row, sample: sample, scratch: scratch) {
        PanelProduct.round(
          $0, rows: image.width, depth: image.channels, to: target + padding.left * stride, stride: stride)
      }
    }
    body(
      Pixels(
        first: storage.elements + (padding.top * rowStride + padding.left * stride), stride: stride,
        rowStride: rowStride, rows: rows, columns: columns, outside: outside))
    withExtendedLifetime(storage) {}
  }

  /// Finds the pixels that output pixels `range` meet, for each position of the kernel.
  private func point(
    _ rows: UnsafeMutablePointer<UnsafePointer<Float>?>, to pixels: Pixels, range: Range<Int>
  ) {
    for ky in 0..<layer.kernelHeight {
      for kx in 0..<layer.kernelWidth {
        let target = rows + (ky * layer.kernelWidth + kx) * range.count
        var (row, column) = range.lowerBound.quotientAndRemainder(dividingBy: image.outWidth)
        for index in 0..<range.count {
          (target + index).initialize(
            to: pixels[row * layer.stride + ky - layer.padding.top, column * layer.stride + kx - layer.padding.left])
          column += 1
          if column == image.outWidth { (row, column) = (row + 1, 0) }
        }
      }
    }
  }
}
