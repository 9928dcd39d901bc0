import Synchronization

/// A layer's weight, packed once for products: [panels, taps, inputs, panel width].
///
/// In bf16 two inputs share a word. Outputs that the last panel lacks, and a missing last input, are zeros.
struct PackedWeight: Sendable {
  let outputs: Int
  let inputs: Int
  /// Positions of a convolution's kernel, row by row; 1 in a linear layer.
  let taps: Int
  let precision: Precision
  /// Distance of one input's words from the next input's: OpenBLAS takes all outputs at once.
  let panelWidth: Int
  private let storage: AlignedStorage

  /// Depth in words that is used for all rows of a tile before the next: a part of a panel and of the rows fit into the
  /// second-level cache, and sums of so many products are as exact as single precision should be.
  private static let wordsPerPart = 640

  /// Words of one tap, by output.
  var depth: Int { precision.words(inputs) }

  /// Reads a weight [out, in, ...], its last axes being the taps; throws what reading throws.
  init(_ source: WeightSource, precision: Precision) throws {
    outputs = source.shape[0]
    inputs = source.shape[1]
    taps = source.shape.dropFirst(2).reduce(1, *)
    self.precision = precision
    let blocks = (outputs + PanelProduct.width - 1) / PanelProduct.width
    let isOnePanel = precision == .f32 && ProductEngine.current == .openblas
    panelWidth = isOnePanel ? blocks * PanelProduct.width : PanelProduct.width
    storage = AlignedStorage(count: blocks * PanelProduct.width * precision.words(inputs) * taps)
    let failure = Mutex<(any Error)?>(nil)
    Parallel.forEach(blocks) { block in
      do {
        let first = block * PanelProduct.width
        try pack(source, rows: first..<min(first + PanelProduct.width, outputs))
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Turns rows of the source into columns, as many as a panel is wide.
  private func pack(_ source: WeightSource, rows: Range<Int>) throws {
    let width = PanelProduct.width
    let rowSize = inputs * taps
    let wide = AlignedStorage(count: width * rowSize)
    try source.readRows(rows, UnsafeMutableBufferPointer(start: wide.elements, count: rows.count * rowSize))
    (wide.elements + rows.count * rowSize).update(repeating: 0, count: (width - rows.count) * rowSize)
    let (even, odd) = (AlignedStorage(count: width), AlignedStorage(count: width))
    let target = start(ofColumn: rows.lowerBound)
    for tap in 0..<taps {
      func gather(_ input: Int, _ line: UnsafeMutablePointer<Float>) {
        guard input < inputs else { return line.update(repeating: 0, count: width) }
        let first = wide.elements + input * taps + tap
        for column in 0..<width { line[column] = first[column * rowSize] }
      }
      for word in 0..<depth {
        let line = target + (tap * depth + word) * panelWidth
        switch precision {
        case .f32: gather(word, line)
        case .bf16:
          gather(2 * word, even.elements)
          gather(2 * word + 1, odd.elements)
          PanelProduct.interleave(even.elements, odd.elements, to: line, count: width)
        }
      }
    }
  }

  /// What a product with `rows` rows costs.
  func work(rows: Int) -> Profile.Work {
    let operations = 2 * Double(rows) * Double(inputs * taps) * Double(outputs)
    return Profile.Work(
      operations: operations, products: operations, precision: precision,
      floats: rows * (inputs + outputs) + outputs * depth * taps)
  }

  private func start(ofColumn column: Int) -> UnsafeMutablePointer<Float> {
    let (panel, offset) = column.quotientAndRemainder(dividingBy: panelWidth)
    return storage.elements + panel * taps * depth * panelWidth + offset
  }

  /// Where the output columns from `first` on, a multiple of `PanelProduct.width`, begin: [taps, depth], `panelWidth` apart.
  func columns(from first: Int) -> UnsafePointer<Float> { UnsafePointer(start(ofColumn: first)) }

  /// `y = addends + sum over taps of a[tap] wᵀ` for one tile, with which `y` begins.
  ///
  /// `a` points to the rows, all of the first tap, then of the next. The addends go to `y` a panel at a time, just before
  /// they are needed: then they are still in the cache.
  func multiply(
    _ tile: ProductTiles.Tile, a: RowPointers, addends: Addends, y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    let (rows, columns) = (tile.rows.count, tile.columns)
    let tapsPerPart = min(max(Self.wordsPerPart / max(depth, 1), 1), taps)
    let parts = max(depth - 1, 0) / Self.wordsPerPart + 1
    let wordsPerPart = max((depth + parts - 1) / parts, 1)
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows * tapsPerPart) { pointers in
      guard let part = pointers.baseAddress else { return }
      for tap in stride(from: 0, to: taps, by: tapsPerPart) {
        let segments = min(tapsPerPart, taps - tap)
        for word in stride(from: 0, to: depth, by: wordsPerPart) {
          for row in 0..<segments * rows { (part + row).initialize(to: a[tap * rows + row].map { $0 + word }) }
          let isFirst = tap == 0 && word == 0
          for first in stride(from: columns.lowerBound, to: columns.upperBound, by: panelWidth) {
            let panel = first..<min(first + panelWidth, columns.upperBound)
            let y = y + (first - columns.lowerBound)
            if isFirst { addends.write(to: y, stride: yStride, tile: .init(rows: tile.rows, columns: panel)) }
            let b = self.columns(from: first) + (tap * depth + word) * panelWidth
            PanelProduct.multiply(
              precision, rows: rows, columns: panel.count, segments: segments,
              depth: min(wordsPerPart, depth - word), a: part, b: b, bStride: panelWidth,
              next: panel.upperBound < columns.upperBound ? b + taps * depth * panelWidth : nil, c: y,
              cStride: yStride, adds: !(isFirst && addends.isEmpty))
          }
        }
      }
    }
  }
}
