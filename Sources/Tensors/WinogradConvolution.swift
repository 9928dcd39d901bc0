/// A 3x3 convolution by Winograd's F(4x4, 3x3): 36 products for 16 outputs where the direct method has 144.
///
/// Tiles of 6x6 input pixels are transformed, [36, tiles, in]; for each of the 36 positions a product with the transformed
/// weight gives [36, tiles, out]; and those are transformed back to 4x4 pixels. All of it goes through the last-level cache
/// in rounds. Weights are transformed where they are used, one group of channels for a block of tiles, so four times their
/// memory is needed nowhere. In bf16 both transformed factors are rounded, which errs four times as much as a direct product.
struct WinogradConvolution {
  private typealias Transforms = WinogradTransforms

  private let layer: Conv2d
  private let image: ConvolutionImage
  private let precision: Precision
  /// Words of a tile's input at one position.
  private let depth: Int
  /// Groups of output channels.
  private let groups: Int
  private let tilesAcross: Int
  private let tileCount: Int
  /// Tiles of one product, and of a round between input and products.
  private let tilesPerBlock: Int
  private let tilesPerRound: Int
  // Words from one position to the next, in the transformed input, in a block's products and in a group's transformed
  // weights: a vector more than it takes, for powers of two would put all positions into the same sets of the cache.
  private let transformedStride: Int
  private let productStride: Int
  private let weightStride: Int

  private static let positions = Transforms.inputs * Transforms.inputs
  /// Words of input channels of which a group's weights are transformed at a time, and products added up in one go: 3 MB.
  private static let mostWords = 320
  /// Words whose weights are widened at a time where they are in half precision: these stay in the first-level cache.
  private static let wordsWidened = 32
  /// A multiple of the rows that a product keeps in registers, and enough to make up for transforming the weights.
  private static let mostTilesPerBlock = isAVX2 ? 264 : 132
  /// Words of transformed input of one round.
  private static let mostTransformed = 3 << 20
  /// The longer a product takes, the sooner those that are saved make up for the traffic of transformed weights.
  private static let fewestTiles = isAVX2 ? 4 : 16
  private static let isAVX2 = ProductEngine.current == .avx2
  private static let tilesPerInputTask = 8

  /// Whether the method suits a layer and image: few tiles do not pay for transforming the weights, and AMX's products take
  /// less time than the transforms.
  static func suits(_ layer: Conv2d, _ image: ConvolutionImage) -> Bool {
    !layer.weight.precision.isMultipliedByAMX
      && layer.kernelHeight == Transforms.taps && layer.kernelWidth == Transforms.taps && layer.stride == 1
      && layer.inputs >= Vector.scalarCount
      && share(image.outHeight) * share(image.outWidth) >= fewestTiles
  }

  private static func share(_ length: Int) -> Int { (length + Transforms.outputs - 1) / Transforms.outputs }

  init(_ layer: Conv2d, _ image: ConvolutionImage) {
    (self.layer, self.image) = (layer, image)
    (precision, depth) = (layer.weight.precision, layer.weight.depth)
    groups = (layer.outputs + PanelProduct.group - 1) / PanelProduct.group
    tilesAcross = Self.share(image.outWidth)
    tileCount = tilesAcross * Self.share(image.outHeight)
    // Whole rows of tiles as far as possible: what overlaps with the next round is made twice.
    let most = min(tileCount, Self.mostTilesPerBlock)
    var tilesPerBlock = tilesAcross <= most ? most / tilesAcross * tilesAcross : (tilesAcross + 1) / 2
    while tilesPerBlock > most { tilesPerBlock = (tilesPerBlock + 1) / 2 }
    let blocks = max(Self.mostTransformed / (Self.positions * depth * tilesPerBlock), 1)
    tilesPerRound = min(blocks * tilesPerBlock, tileCount)
    // An odd number of tasks would leave one of two threads idle at the end.
    let tasks = groups * ((tilesPerRound + tilesPerBlock - 1) / tilesPerBlock)
    if tasks % 2 == 1 && tasks < 16 { tilesPerBlock = (tilesPerBlock + 1) / 2 }
    self.tilesPerBlock = tilesPerBlock
    transformedStride = tilesPerRound * depth + Vector.scalarCount
    productStride = tilesPerBlock * PanelProduct.group + Vector.scalarCount
    weightStride = min(depth, Self.mostWords) * PanelProduct.group + Vector.scalarCount
  }

  /// Convolves one sample, [h, w, in] -> [h', w', out].
  func convolve(_ x: ImageRows, sample: Int, addends: Addends, y: UnsafeMutablePointer<Float>) {
    let transformed = AlignedStorage(count: Self.positions * transformedStride)
    let zeros = AlignedStorage(count: layer.inputs)
    zeros.elements.update(repeating: 0, count: layer.inputs)
    let rowSize = image.width * layer.inputs
    let band = x.source == nil ? AlignedStorage(count: rowsPerRound * rowSize) : nil
    for first in stride(from: 0, to: tileCount, by: tilesPerRound) {
      let tiles = first..<min(first + tilesPerRound, tileCount)
      if let band {
        let rows = rows(under: tiles)
        x.write(sample: sample, rows: rows, to: band.elements)
        transformInput(
          band.elements, firstRow: rows.lowerBound, tiles: tiles, outside: zeros.elements, to: transformed.elements)
      } else {
        x.source?.sample(sample).withUnsafePointer {
          transformInput($0, firstRow: 0, tiles: tiles, outside: zeros.elements, to: transformed.elements)
        }
      }
      multiply(transformed.elements, tiles: tiles, addends: addends, y: y)
    }
    withExtendedLifetime((transformed, zeros, band)) {}
  }

  /// The rows of the image that some tiles read.
  private func rows(under tiles: Range<Int>) -> Range<Int> {
    let (first, last) = (tiles.lowerBound / tilesAcross, (tiles.upperBound - 1) / tilesAcross)
    let top = max(first * Transforms.outputs - layer.padding.top, 0)
    let bottom = min(last * Transforms.outputs - layer.padding.top + Transforms.inputs, image.height)
    return min(top, image.height)..<max(bottom, min(top, image.height))
  }

  private var rowsPerRound: Int {
    min((tilesPerRound + tilesAcross - 2) / tilesAcross * Transforms.outputs + Transforms.inputs, image.height)
  }

  // MARK: - Input

  /// Writes the transformed input of a round, [36, tiles, in], given the image from row `firstRow` on.
  private func transformInput(
    _ image: UnsafePointer<Float>, firstRow: Int, tiles: Range<Int>, outside: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    let size = Self.tilesPerInputTask
    Parallel.forEach((tiles.count + size - 1) / size) { task in
      for index in task * size..<min((task + 1) * size, tiles.count) {
        transformInput(
          image, firstRow: firstRow, tile: tiles.lowerBound + index, outside: outside, to: target + index * depth)
      }
    }
  }

  private func transformInput(
    _ image: UnsafePointer<Float>, firstRow: Int, tile: Int, outside: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    let side = Transforms.inputs
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: Self.positions) { pixels in
      withUnsafeTemporaryAllocation(of: Vector.self, capacity: Self.positions) { rows in
        guard let pixels = pixels.baseAddress, let rows = rows.baseAddress else { return }
        point(pixels, to: image, firstRow: firstRow, tile: tile, outside: outside)
        for channel in stride(from: 0, to: layer.inputs, by: Vector.scalarCount) {
          let lanes = min(Vector.scalarCount, layer.inputs - channel)
          for row in 0..<side {
            let pixels = pixels + row * side
            @inline(__always) func load(_ column: Int) -> Vector {
              lanes == Vector.scalarCount
                ? Vector(loading: pixels[column] + channel) : Vector(loading: pixels[column] + channel, count: lanes)
            }
            let line = Transforms.input((load(0), load(1), load(2), load(3), load(4), load(5)))
            let target = rows + row * side
            (target[0], target[1], target[2]) = (line.0, line.1, line.2)
            (target[3], target[4], target[5]) = (line.3, line.4, line.5)
          }
          for column in 0..<side {
            let rows = rows + column
            let line = Transforms.input(
              (rows[0], rows[side], rows[2 * side], rows[3 * side], rows[4 * side], rows[5 * side]))
            let target = target + column * transformedStride
            @inline(__always) func store(_ row: Int, _ value: Vector) {
              let target = target + row * side * transformedStride
              switch precision {
              case .f32 where lanes == Vector.scalarCount: value.store(to: target + channel)
              case .f32: value.store(to: target + channel, count: lanes)
              case .bf16: value.storeBF16(to: target + channel / 2, count: lanes)
              }
            }
            store(0, line.0)
            store(1, line.1)
            store(2, line.2)
            store(3, line.3)
            store(4, line.4)
            store(5, line.5)
          }
        }
      }
    }
  }

  /// Finds the 36 pixels of a tile.
  private func point(
    _ pixels: UnsafeMutablePointer<UnsafePointer<Float>>, to first: UnsafePointer<Float>, firstRow: Int, tile: Int,
    outside: UnsafePointer<Float>
  ) {
    let (row, column) = tile.quotientAndRemainder(dividingBy: tilesAcross)
    let top = row * Transforms.outputs - layer.padding.top
    let left = column * Transforms.outputs - layer.padding.left
    for position in 0..<Self.positions {
      let (y, x) = (top + position / Transforms.inputs, left + position % Transforms.inputs)
      let isInside = y >= 0 && y < image.height && x >= 0 && x < image.width
      (pixels + position).initialize(to: isInside ? first + ((y - firstRow) * image.width + x) * layer.inputs : outside)
    }
  }

  // MARK: - Products

  /// Multiplies the tiles of a round with the weights and transforms the products back.
  private func multiply(
    _ transformed: UnsafePointer<Float>, tiles: Range<Int>, addends: Addends, y: UnsafeMutablePointer<Float>
  ) {
    let blocks = (tiles.count + tilesPerBlock - 1) / tilesPerBlock
    let weightCount = Self.positions * weightStride
    Parallel.forEach(blocks * groups, scratch: weightCount + Self.positions * productStride) { task, scratch in
      let (block, group) = task.quotientAndRemainder(dividingBy: groups)
      let range = block * tilesPerBlock..<min((block + 1) * tilesPerBlock, tiles.count)
      let products = scratch + weightCount
      multiply(transformed, tiles: range, group: group, weights: scratch, products: products)
      for (index, tile) in range.enumerated() {
        transformOutput(
          products + index * PanelProduct.group, tile: tiles.lowerBound + tile, group: group, addends: addends, y: y)
      }
    }
  }

  /// Multiplies a block of tiles with one group of the weights: [36, tiles, group].
  private func multiply(
    _ transformed: UnsafePointer<Float>, tiles: Range<Int>, group: Int, weights: UnsafeMutablePointer<Float>,
    products: UnsafeMutablePointer<Float>
  ) {
    let columns = min(PanelProduct.group, layer.outputs - group * PanelProduct.group)
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: tilesPerBlock) { rows in
      guard let rows = rows.baseAddress else { return }
      for word in stride(from: 0, to: depth, by: Self.mostWords) {
        let words = word..<min(word + Self.mostWords, depth)
        transformWeights(group: group, words: words, columns: columns, to: weights)
        for position in 0..<Self.positions {
          let first = transformed + position * transformedStride + tiles.lowerBound * depth + word
          for row in 0..<tiles.count { (rows + row).initialize(to: first + row * depth) }
          for column in stride(from: 0, to: columns, by: PanelProduct.width) {
            PanelProduct.multiply(
              precision, rows: tiles.count, columns: min(PanelProduct.width, columns - column), depth: words.count,
              a: rows, fetchesRows: column == 0, b: weights + position * weightStride + column * words.count,
              c: products + position * productStride + column, cStride: PanelProduct.group, adds: word > 0)
          }
        }
      }
    }
  }

  /// Writes the transformed weights of some words of a group's channels, [36, panels, words, panel width].
  private func transformWeights(group: Int, words: Range<Int>, columns: Int, to target: UnsafeMutablePointer<Float>) {
    let width = PanelProduct.width
    let widened = layer.weight.spaceToWiden(taps: layer.weight.taps, words: Self.wordsWidened)
    for panel in stride(from: 0, to: columns, by: width) {
      for first in stride(from: words.lowerBound, to: words.upperBound, by: Self.wordsWidened) {
        let some = first..<min(first + Self.wordsWidened, words.upperBound)
        let source = layer.weight.block(
          panel: group * PanelProduct.group + panel, taps: 0..<layer.weight.taps, words: some, widened: widened)
        transformWeights(
          source, words: some.count, columns: min(width, columns - panel),
          to: target + panel * words.count + (first - words.lowerBound) * width)
      }
    }
  }

  private func transformWeights(
    _ source: PackedWeight.Block, words: Int, columns: Int, to target: UnsafeMutablePointer<Float>
  ) {
    for word in 0..<words {
      for column in stride(from: 0, to: columns, by: Vector.scalarCount) {
        let taps = source.start + word * source.wordStride + column
        let target = target + word * PanelProduct.width + column
        switch precision {
        case .f32:
          transformWeight {
            Vector(loading: taps + $0 * source.tapStride)
          } store: {
            $1.store(to: target + $0 * weightStride)
          }
        case .bf16:
          transformWeight {
            Vector(lowBF16: taps + $0 * source.tapStride)
          } store: {
            $1.store(to: target + $0 * weightStride)
          }
          transformWeight {
            Vector(highBF16: taps + $0 * source.tapStride)
          } store: {
            Vector(loading: target + $0 * weightStride).storeBF16(beside: $1, to: target + $0 * weightStride)
          }
        }
      }
    }
  }

  /// Transforms 16 output channels of one input channel, given functions that load a tap and store a position.
  @inline(__always) private func transformWeight(_ tap: (Int) -> Vector, store: (Int, Vector) -> Void) {
    let left = Transforms.weight((tap(0), tap(3), tap(6)))
    let middle = Transforms.weight((tap(1), tap(4), tap(7)))
    let right = Transforms.weight((tap(2), tap(5), tap(8)))
    @inline(__always) func row(_ index: Int, _ taps: (Vector, Vector, Vector)) {
      let line = Transforms.weight(taps)
      let first = index * Transforms.inputs
      store(first, line.0)
      store(first + 1, line.1)
      store(first + 2, line.2)
      store(first + 3, line.3)
      store(first + 4, line.4)
      store(first + 5, line.5)
    }
    row(0, (left.0, middle.0, right.0))
    row(1, (left.1, middle.1, right.1))
    row(2, (left.2, middle.2, right.2))
    row(3, (left.3, middle.3, right.3))
    row(4, (left.4, middle.4, right.4))
    row(5, (left.5, middle.5, right.5))
  }

  // MARK: - Output

  /// Transforms a tile's products of one group back and writes its 4x4 pixels, as far as they lie in the image.
  private func transformOutput(
    _ products: UnsafePointer<Float>, tile: Int, group: Int, addends: Addends, y: UnsafeMutablePointer<Float>
  ) {
    let side = Transforms.inputs
    let (row, column) = tile.quotientAndRemainder(dividingBy: tilesAcross)
    let (top, left) = (row * Transforms.outputs, column * Transforms.outputs)
    let (height, width) = (
      min(Transforms.outputs, image.outHeight - top), min(Transforms.outputs, image.outWidth - left)
    )
    let firstChannel = group * PanelProduct.group
    let columns = min(PanelProduct.group, layer.outputs - firstChannel)
    withUnsafeTemporaryAllocation(of: Vector.self, capacity: Transforms.outputs * side) { lines in
      guard let lines = lines.baseAddress else { return }
      for offset in stride(from: 0, to: columns, by: Vector.scalarCount) {
        for column in 0..<side {
          let source = products + offset + column * productStride
          let stride = side * productStride
          let line = Transforms.output(
            (
              Vector(loading: source), Vector(loading: source + stride), Vector(loading: source + 2 * stride),
              Vector(loading: source + 3 * stride), Vector(loading: source + 4 * stride),
              Vector(loading: source + 5 * stride)
            ))
          let target = lines + column
          (target[0], target[side], target[2 * side], target[3 * side]) = (line.0, line.1, line.2, line.3)
        }
        let lanes = min(Vector.scalarCount, columns - offset)
        let channel = firstChannel + offset
        for row in 0..<height {
          let line = lines + row * side
          let pixels = Transforms.output((line[0], line[1], line[2], line[3], line[4], line[5]))
          let first = ((top + row) * image.outWidth + left) * layer.outputs + channel
          @inline(__always) func write(_ column: Int, _ value: Vector) {
            if column < width {
              addends.add(to: value, at: first + column * layer.outputs, column: channel, lanes: lanes, y: y)
            }
          }
          write(0, pixels.0)
          write(1, pixels.1)
          write(2, pixels.2)
          write(3, pixels.3)
        }
      }
    }
  }
}
