import CKernels

/// Room to widen parts of 16 rows in, before they become columns of a panel.
final class PanelScratch {
  static let group = Int(ck_transposed_rows)
  /// Numbers of a row that are widened together: with those of 15 other rows they stay in the first-level cache.
  private static let mostNumbers = 256

  /// Where the wanted numbers of each row begin.
  let wide: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  /// A line of zeros.
  let zeros: UnsafePointer<UInt32>
  private let storage: AlignedStorage
  private let perWord: Int
  private let tapCount: Int
  private let precision: Precision
  /// Floats of a row as it is widened, and of a line of one tap.
  private let rowStride, lineStride: Int

  init(_ format: WeightFormat, _ part: StoredRows.Part) {
    (perWord, tapCount, precision) = (part.precision.factorsPerWord, part.tapCount, part.precision)
    let most = max(Self.mostNumbers, tapCount * perWord)
    // Blocks that are wanted in part stand out at both ends.
    rowStride = most + 2 * format.blockSize
    lineStride = most
    storage = AlignedStorage(count: Self.group * (rowStride + 2 * lineStride) + most)
    let line = storage.elements + Self.group * (rowStride + 2 * lineStride)
    line.update(repeating: 0, count: most)
    zeros = UnsafeRawPointer(line).assumingMemoryBound(to: UInt32.self)
    wide = .allocate(capacity: Self.group)
    wide.initialize(repeating: storage.elements, count: Self.group)
  }

  deinit { wide.deallocate() }

  /// The end of the words that are widened together with `word`, the first of them: where blocks of 256 end too.
  func end(ofWordsFrom word: Int) -> Int {
    if tapCount > 1 { return word + max(Self.mostNumbers / (tapCount * perWord), 1) }
    let most = Self.mostNumbers / perWord
    return (word / most + 1) * most
  }

  /// Room for row `index` as it is widened.
  func row(_ index: Int) -> UnsafeMutablePointer<Float> { storage.elements + index * rowStride }

  /// The words of one tap of a widened row.
  func line(_ index: Int, tap: Int, inputs: Int) -> UnsafePointer<UInt32> {
    var numbers = wide[index]
    let lines = storage.elements + Self.group * rowStride + 2 * index * lineStride
    if tapCount > 1 {
      for input in 0..<inputs { lines[input] = numbers[input * tapCount + tap] }
      numbers = lines
    }
    if precision == .bf16 {
      let rounded = lines + lineStride
      PanelProduct.round(numbers, rows: 1, depth: inputs, to: rounded, stride: (inputs + 1) / 2)
      numbers = rounded
    }
    return UnsafePointer(words(numbers))
  }

  /// Floats or pairs of bf16 as the words that they are moved as.
  func words(_ numbers: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(numbers).assumingMemoryBound(to: UInt32.self)
  }
}
