/// A convolution as one product: the row of an output pixel is, for each position of the kernel, the pixel under it.
///
/// The product takes pointers to its rows, so the image is neither unfolded nor padded; pixels outside it are a row of zeros.
struct DirectConvolution {
  let layer: Conv2d
  let image: ConvolutionImage

  /// Convolves one sample, [h, w, in] -> [h', w', out].
  func convolve(_ x: UnsafePointer<Float>, addends: Addends, y: UnsafeMutablePointer<Float>) {
    let depth = layer.weight.depth
    let rounded = layer.weight.precision == .bf16 ? self.rounded(x) : nil
    let zeros = AlignedStorage(count: depth)
    zeros.elements.update(repeating: 0, count: depth)
    let pixels = rounded.map { UnsafePointer($0.elements) } ?? x
    let tiles = ProductTiles(
      rows: image.outHeight * image.outWidth, columns: layer.outputs, widens: layer.weight.staysInFile)
    tiles.forEach(samples: 1) { tile in
      let origin = y + tile.rows.lowerBound * layer.outputs + tile.columns.lowerBound
      withUnsafeTemporaryAllocation(
        of: UnsafePointer<Float>?.self, capacity: layer.weight.taps * tile.rows.count
      ) { rows in
        guard let rows = rows.baseAddress else { return }
        point(rows, to: pixels, depth: depth, outside: zeros.elements, range: tile.rows)
        layer.weight.multiply(tile, a: rows, addends: addends, y: origin, yStride: layer.outputs)
      }
    }
    withExtendedLifetime((rounded, zeros)) {}
  }

  /// The image in bf16, its channels filled up to whole words.
  private func rounded(_ x: UnsafePointer<Float>) -> AlignedStorage {
    let depth = layer.weight.depth
    let result = AlignedStorage(count: image.height * image.width * depth)
    Parallel.forEach(image.height) { row in
      PanelProduct.round(
        x + row * image.width * image.channels, rows: image.width, depth: image.channels,
        to: result.elements + row * image.width * depth)
    }
    return result
  }

  /// Finds the pixels that output pixels `range` meet, for each position of the kernel.
  private func point(
    _ rows: UnsafeMutablePointer<UnsafePointer<Float>?>, to pixels: UnsafePointer<Float>, depth: Int,
    outside: UnsafePointer<Float>, range: Range<Int>
  ) {
    for ky in 0..<layer.kernelHeight {
      for kx in 0..<layer.kernelWidth {
        let target = rows + (ky * layer.kernelWidth + kx) * range.count
        var (row, column) = range.lowerBound.quotientAndRemainder(dividingBy: image.outWidth)
        for index in 0..<range.count {
          let (y, x) = (row * layer.stride + ky - layer.padding.top, column * layer.stride + kx - layer.padding.left)
          let isInside = y >= 0 && y < image.height && x >= 0 && x < image.width
          (target + index).initialize(to: isInside ? pixels + (y * image.width + x) * depth : outside)
          column += 1
          if column == image.outWidth { (row, column) = (row + 1, 0) }
        }
      }
    }
  }
}
