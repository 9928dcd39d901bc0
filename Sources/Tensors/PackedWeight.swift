import Synchronization

/// A layer's weight for products, a matrix of panels: [panels, taps, inputs, panel width].
///
/// In bf16 two inputs share a word. Outputs that the last panel lacks, and a missing last input, are zeros. Weights are packed
/// once, in f32 or bf16. Those that come in half precision stay so where products are in f32: half the memory, and widened
/// a part of a panel at a time. And those that a file has in a narrower format stay where they are there: a part of a panel
/// is made from its rows whenever it is used.
struct PackedWeight: Sendable {
  let outputs: Int
  let inputs: Int
  /// Positions of a convolution's kernel, row by row; 1 in a linear layer.
  let taps: Int
  let precision: Precision
  /// Distance of one input's words from the next input's: OpenBLAS takes all outputs at once.
  let panelWidth: Int
  private let isHalf: Bool
  /// Empty where the weight stays in its file.
  private let packed: PackedMemory.Block
  private let stored: StoredRows?
  /// What is added to the rows in the file.
  private let lowRank: PackedLowRank?

  /// Whether parts of panels are made from rows in a file whenever they are used.
  var staysInFile: Bool { stored != nil }

  /// Words of one tap, by output.
  var depth: Int { precision.words(inputs) }

  /// Reads a weight [out, in, ...], its last axes being the taps; throws what reading throws.
  init(_ source: WeightSource, precision: Precision) throws {
    outputs = source.shape[0]
    inputs = source.shape[1]
    taps = source.shape.dropFirst(2).reduce(1, *)
    self.precision = precision
    let blocks = Self.panels(outputs)
    let isOnePanel = precision == .f32 && ProductEngine.current == .openblas
    panelWidth = isOnePanel ? blocks * PanelProduct.width : PanelProduct.width
    let words = blocks * PanelProduct.width * precision.words(inputs) * taps
    let staysHalf = source.isHalf && precision == .f32 && PanelProduct.widensHalves
    let floats = staysHalf ? words / 2 : words
    stored = Self.rowsToKeep(source, taps: taps, packedFloats: floats)
    isHalf = stored == nil && staysHalf
    lowRank = stored == nil ? nil : try source.lowRank.map(PackedLowRank.init)
    packed = PackedMemory.Block(count: stored == nil ? floats : 0)
    if stored != nil { return }
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

  /// The panels that so many columns take.
  private static func panels(_ columns: Int) -> Int { (columns + PanelProduct.width - 1) / PanelProduct.width }

  /// The rows of a weight that stays in its file.
  ///
  /// One in f32 or f16 is used faster when it is packed, and so are the kernels of a convolution that fit into f16. But
  /// memory must have room for them.
  private static func rowsToKeep(_ source: WeightSource, taps: Int, packedFloats: Int) -> StoredRows? {
    guard let stored = source.stored, source.lowRank == nil || taps == 1 else { return nil }
    let mayPack = source.isHalf || !source.changes.isEmpty
    let isFasterPacked = stored.format == .f32 || mayPack && (stored.format == .f16 || taps > 1)
    return isFasterPacked && PackedMemory.hasRoom(for: 4 * packedFloats)
      ? nil : stored.changed(by: source.lowRank == nil ? source.changes : [])
  }

  /// Turns rows of the source into columns, as many as a panel is wide.
  private func pack(_ source: WeightSource, rows: Range<Int>) throws {
    let width = PanelProduct.width
    let rowSize = inputs * taps
    let wide = AlignedStorage(count: width * rowSize)
    try source.readRows(rows, UnsafeMutableBufferPointer(start: wide.elements, count: rows.count * rowSize))
    (wide.elements + rows.count * rowSize).update(repeating: 0, count: (width - rows.count) * rowSize)
    let (even, odd) = (AlignedStorage(count: width), AlignedStorage(count: width))
    for tap in 0..<taps {
      func gather(_ input: Int, _ line: UnsafeMutablePointer<Float>) {
        guard input < inputs else { return line.update(repeating: 0, count: width) }
        let first = wide.elements + input * taps + tap
        for column in 0..<width { line[column] = first[column * rowSize] }
      }
      for word in 0..<depth {
        let line = place(column: rows.lowerBound, tap: tap, word: word)
        switch precision {
        case .f32 where isHalf:
          gather(word, even.elements)
          PanelProduct.narrow(even.elements, to: line, count: width)
        case .f32: gather(word, line.assumingMemoryBound(to: Float.self))
        case .bf16:
          gather(2 * word, even.elements)
          gather(2 * word + 1, odd.elements)
          PanelProduct.interleave(
            even.elements, odd.elements, to: line.assumingMemoryBound(to: Float.self), count: width)
        }
      }
    }
  }

  /// What a product with `rows` rows costs.
  func work(rows: Int) -> Profile.Work {
    let operations = 2 * Double(rows) * Double(inputs * taps) * Double(outputs)
    return Profile.Work(
      operations: operations, products: operations, precision: precision,
      floats: rows * (inputs + outputs) + storedFloats)
  }

  /// The memory the weight takes, in floats.
  var storedFloats: Int {
    stored.map { $0.byteCount(rows: outputs) / 4 } ?? outputs * depth * taps / (isHalf ? 2 : 1)
  }

  // MARK: - Parts of panels

  /// Where a word of a tap is for the output columns from `column` on, a multiple of `PanelProduct.width`.
  private func place(column: Int, tap: Int, word: Int) -> UnsafeMutableRawPointer {
    let (panel, offset) = column.quotientAndRemainder(dividingBy: panelWidth)
    let index = ((panel * taps + tap) * depth + word) * panelWidth + offset
    return UnsafeMutableRawPointer(packed.storage.elements) + index * (isHalf ? 2 : 4)
  }

  /// Some words of some taps of a panel, [taps, words, panel width].
  struct Block {
    let start: UnsafePointer<Float>
    /// Distance of one tap from the next, and of one word.
    let tapStride, wordStride: Int
  }

  /// Room to widen so many words of each tap of a panel, nil if they are as wide as they should be.
  func spaceToWiden(taps: Int, words: Int) -> AlignedStorage? {
    isHalf || stored != nil ? AlignedStorage(count: taps * words * PanelProduct.width) : nil
  }

  /// The block of the panel that begins with column `panel`; good while `widened` is.
  func block(panel: Int, taps: Range<Int>, words: Range<Int>, widened: AlignedStorage?) -> Block {
    if let stored, let widened {
      let width = PanelProduct.width
      widen(part(columns: panel..<panel + width, width: width, taps, words), of: stored, to: widened.elements)
      return Block(start: widened.elements, tapStride: words.count * width, wordStride: width)
    }
    let first = place(column: panel, tap: taps.lowerBound, word: words.lowerBound)
    guard let widened else {
      return Block(
        start: first.assumingMemoryBound(to: Float.self), tapStride: depth * panelWidth, wordStride: panelWidth)
    }
    let tapStride = words.count * panelWidth
    for tap in 0..<taps.count {
      PanelProduct.widen(
        first + 2 * tap * depth * panelWidth, to: widened.elements + tap * tapStride, count: tapStride)
    }
    return Block(start: widened.elements, tapStride: tapStride, wordStride: panelWidth)
  }

  /// A part of the panel of some columns, made `width` wide.
  private func part(columns: Range<Int>, width: Int, _ taps: Range<Int>, _ words: Range<Int>) -> StoredRows.Part {
    StoredRows.Part(
      columns: columns.lowerBound..<min(columns.upperBound, outputs), width: width, taps: taps, tapCount: self.taps,
      words: words, precision: precision, inputs: inputs)
  }

  /// Writes a part of a panel, [taps, words, width], to `target`.
  private func widen(_ part: StoredRows.Part, of stored: StoredRows, to target: UnsafeMutablePointer<Float>) {
    guard let lowRank else { return stored.widen(part, to: target) }
    let perWord = precision.factorsPerWord
    let inputs = part.words.lowerBound * perWord..<min(part.words.upperBound * perWord, inputs)
    guard precision == .bf16 else {
      stored.widen(part, to: target)
      return lowRank.add(inputs, columns: part.columns, to: target, stride: part.width)
    }
    // Rounded once the sum is made.
    let (width, words) = (part.width, part.words.count)
    let sums = AlignedStorage(count: 2 * words * width)
    stored.widen(part.inSinglePrecision(inputs), to: sums.elements)
    lowRank.add(inputs, columns: part.columns, to: sums.elements, stride: width)
    if inputs.count % 2 == 1 { (sums.elements + inputs.count * width).update(repeating: 0, count: width) }
    for word in 0..<words {
      let line = sums.elements + 2 * word * width
      PanelProduct.interleave(line, line + width, to: target + word * width, count: width)
    }
  }

  // MARK: - Products

  /// `y = addends + sum over taps of a[tap] wᵀ` for one tile, with which `y` begins.
  ///
  /// `a` points to the rows, all of the first tap, then of the next. The addends go to `y` just before they are needed: then
  /// they are still in the cache. A part of the weight is used for all rows before the next, by some panels and rows at a time.
  func multiply(
    _ tile: ProductTiles.Tile, a: RowPointers, addends: Addends, y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    let (rows, columns) = (tile.rows.count, tile.columns)
    let parts = Parts(taps: taps, depth: depth)
    // OpenBLAS takes all columns of a tile at once, also of a weight that stays in its file.
    let width = stored == nil ? panelWidth : min(panelWidth, Self.panels(columns.count) * PanelProduct.width)
    let block = ProductBlock(precision, rows: rows, columns: columns.count, panelWidth: width)
    let partWords = parts.tapsPerPart * parts.wordsPerPart * width
    let widened =
      stored == nil
      ? spaceToWiden(taps: parts.tapsPerPart, words: parts.wordsPerPart)
      : AlignedStorage(count: partWords * block.panels)
    var gathered = GatheredRows(capacity: rows * parts.tapsPerPart, words: parts.wordsPerPart)
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows * parts.tapsPerPart) { pointers in
      guard let pointers = pointers.baseAddress else { return }
      for index in 0..<parts.count {
        let (taps, words) = parts[index]
        block.forEachRows { some in
          for tap in 0..<taps.count {
            let source = a + ((taps.lowerBound + tap) * rows + some.lowerBound)
            let first = some.lowerBound * taps.count + tap * some.count
            for row in 0..<some.count {
              (pointers + first + row).initialize(to: source[row].map { $0 + words.lowerBound })
            }
            if precision.isMultipliedByAMX {
              gathered.replace(pointers, from: first, count: some.count, words: words.count)
            }
          }
        }
        for first in stride(from: columns.lowerBound, to: columns.upperBound, by: block.columns) {
          let together = first..<min(first + block.columns, columns.upperBound)
          let y = y + (first - columns.lowerBound)
          let addsInPlace = precision.isMultipliedByAMX && addends.alone(row: 0, column: 0) != nil
          if index == 0 && !addsInPlace {
            addends.write(to: y, stride: yStride, tile: .init(rows: tile.rows, columns: together))
          }
          if let stored, let widened {
            for (number, panel) in stride(from: first, to: together.upperBound, by: width).enumerated() {
              let panel = panel..<min(panel + width, together.upperBound)
              widen(
                part(columns: panel, width: width, taps, words), of: stored, to: widened.elements + number * partWords)
            }
          }
          block.forEachRows { some in
            for (number, panel) in stride(from: first, to: together.upperBound, by: width).enumerated() {
              let packed = place(column: panel, tap: taps.lowerBound, word: words.lowerBound)
              let end = min(panel + width, columns.upperBound)
              PanelProduct.multiply(
                precision, rows: some.count, columns: min(width, together.upperBound - panel), segments: taps.count,
                depth: words.count, a: pointers + some.lowerBound * taps.count,
                fetchesRows: rows > ProductTiles.tallestTile,
                b: widened.map { $0.elements + number * partWords } ?? packed.assumingMemoryBound(to: Float.self),
                halves: isHalf ? packed : nil, bStride: width,
                next: some.lowerBound > 0
                  ? nil
                  : end < columns.upperBound
                    ? next(panel: end, parts[index])
                    : index + 1 < parts.count ? next(panel: columns.lowerBound, parts[index + 1]) : nil,
                c: y + (some.lowerBound * yStride + panel - first), cStride: yStride,
                adds: !(index == 0 && addends.isEmpty),
                addends: index == 0 && addsInPlace
                  ? addends.alone(row: tile.rows.lowerBound + some.lowerBound, column: panel) : nil)
            }
          }
        }
      }
    }
    withExtendedLifetime((widened, gathered)) {}
  }

  /// What the product with a part of a panel is going to read; nil where reading it ahead brings nothing: with AVX-512, from
  /// weights that nothing has to be done with before.
  private func next(panel: Int, _ part: Parts.Part) -> UnsafeRawBufferPointer? {
    guard stored == nil, isHalf || precision.isMultipliedByAMX || ProductEngine.current == .avx2 else { return nil }
    return UnsafeRawBufferPointer(
      start: place(column: panel, tap: part.taps.lowerBound, word: part.words.lowerBound),
      count: part.taps.count * part.words.count * panelWidth * (isHalf ? 2 : 4))
  }

  /// The cut of taps and words into parts that are used for all rows of a tile before the next.
  private struct Parts {
    typealias Part = (taps: Range<Int>, words: Range<Int>)

    /// A part of a panel and of the rows fit into the second-level cache, and sums of so many products are as exact as
    /// single precision should be.
    private static let mostWords = 640

    let taps, depth, tapsPerPart, wordsPerPart: Int
    private let partsPerTap: Int

    init(taps: Int, depth: Int) {
      (self.taps, self.depth) = (taps, depth)
      tapsPerPart = min(max(Self.mostWords / max(depth, 1), 1), taps)
      partsPerTap = max(depth - 1, 0) / Self.mostWords + 1
      wordsPerPart = max((depth + partsPerTap - 1) / partsPerTap, 1)
    }

    var count: Int { (taps + tapsPerPart - 1) / tapsPerPart * partsPerTap }

    /// Parts of the first taps come first.
    subscript(index: Int) -> Part {
      let (tap, word) = (index / partsPerTap * tapsPerPart, index % partsPerTap * wordsPerPart)
      return (tap..<min(tap + tapsPerPart, taps), min(word, depth)..<min(word + wordsPerPart, depth))
    }
  }
}
