import CKernels

/// The rows of a weight where a file has them, one after the other in the file's own format: mapped, never copied.
///
/// A product widens a part of a panel at a time from them, just before it uses it.
package struct StoredRows: @unchecked Sendable {
  package let format: WeightFormat
  /// The beginning of the block that has number 0.
  private let start: UnsafeRawPointer
  /// Where the first row begins, counted in numbers.
  private let first: Int
  /// Numbers of a row.
  private let rowSize: Int
  /// What numbers are multiplied by: nothing, one factor for all or one for each row.
  private let scales: [Float]
  /// What is done to the rows, in this order, and which of theirs the first row is.
  private let changes: [any RowChange]
  private let firstChanged: Int
  /// Keeps the bytes where they are.
  private let owner: any AnyObject & Sendable

  /// Rows of `rowSize` numbers that begin `first` numbers after `start`, all of them readable while `owner` lives.
  package init(
    _ format: WeightFormat, at start: UnsafeRawPointer, first: Int, rowSize: Int, scales: [Float],
    changes: [any RowChange] = [], firstChanged: Int = 0, owner: any AnyObject & Sendable
  ) {
    (self.changes, self.firstChanged) = (changes, firstChanged)
    (self.format, self.start, self.first, self.rowSize) = (format, start, first, rowSize)
    (self.scales, self.owner) = (scales, owner)
  }

  /// The rows from `row` on.
  func from(row: Int) -> StoredRows {
    StoredRows(
      format, at: start, first: first + row * rowSize, rowSize: rowSize,
      scales: scales.count > 1 ? Array(scales[row...]) : scales, changes: changes, firstChanged: firstChanged + row,
      owner: owner)
  }

  /// The rows with more done to them.
  func changed(by more: [any RowChange]) -> StoredRows {
    StoredRows(
      format, at: start, first: first, rowSize: rowSize, scales: scales, changes: changes + more,
      firstChanged: firstChanged, owner: owner)
  }

  /// The bytes that `rows` of them take, about.
  func byteCount(rows: Int) -> Int { rows * rowSize * format.blockBytes / format.blockSize }

  // MARK: - Panels

  /// Which part of a panel is wanted.
  struct Part {
    /// The output columns, which are rows here; `width` of them are written, zeros beyond the last.
    let columns: Range<Int>
    let width: Int
    let taps: Range<Int>
    let tapCount: Int
    /// Words of a tap.
    let words: Range<Int>
    let precision: Precision
    let inputs: Int

    /// The same part with a word for each of its inputs, which are `range`.
    func inSinglePrecision(_ range: Range<Int>) -> Part {
      Part(
        columns: columns, width: width, taps: taps, tapCount: tapCount, words: range, precision: .f32, inputs: inputs)
    }
  }

  /// Writes a part of a panel, [taps, words, width], to `target`.
  func widen(_ part: Part, to target: UnsafeMutablePointer<Float>) {
    let scratch = PanelScratch(format, part)
    for column in stride(from: 0, to: part.width, by: PanelScratch.group) {
      // None, beyond the last.
      let first = min(part.columns.lowerBound + column, part.columns.upperBound)
      let rows = first..<min(first + PanelScratch.group, part.columns.upperBound)
      var word = part.words.lowerBound
      while word < part.words.upperBound {
        let end = min(scratch.end(ofWordsFrom: word), part.words.upperBound)
        let target = target + (word - part.words.lowerBound) * part.width + column
        widen(rows, part, words: word..<end, scratch, to: target)
        word = end
      }
    }
  }

  /// Writes some words of at most 16 columns.
  private func widen(
    _ rows: Range<Int>, _ part: Part, words: Range<Int>, _ scratch: PanelScratch, to target: UnsafeMutablePointer<Float>
  ) {
    let perWord = part.precision.factorsPerWord
    let inputs = words.lowerBound * perWord..<min(words.upperBound * perWord, part.inputs)
    let tapStride = part.words.count * part.width
    withUnsafeTemporaryAllocation(of: UnsafePointer<UInt32>?.self, capacity: PanelScratch.group) { pointers in
      guard let pointers = pointers.baseAddress else { return }
      if isInWords(part), inputs.count == words.count * perWord {
        // As the product takes them already.
        for index in 0..<PanelScratch.group {
          let row = rows.lowerBound + index
          let place = start + 2 * (first + row * rowSize + inputs.lowerBound)
          (pointers + index).initialize(
            to: row < rows.upperBound ? place.assumingMemoryBound(to: UInt32.self) : scratch.zeros)
        }
        return ck_transpose(pointers, words.count, scratch.words(target), part.width)
      }
      for (index, row) in rows.enumerated() { scratch.wide[index] = widen(row, inputs, part, scratch.row(index)) }
      for tap in part.taps {
        for index in 0..<PanelScratch.group {
          let line = index < rows.count ? scratch.line(index, tap: tap, inputs: inputs.count) : scratch.zeros
          (pointers + index).initialize(to: line)
        }
        ck_transpose(
          pointers, words.count, scratch.words(target + (tap - part.taps.lowerBound) * tapStride), part.width)
      }
    }
  }

  /// Whether two numbers side by side are a word of the product.
  private func isInWords(_ part: Part) -> Bool {
    part.precision == .bf16 && format == .bf16 && part.tapCount == 1 && scales.isEmpty && changes.isEmpty
  }

  /// Widens numbers of a row, all taps of some inputs, and says where in the scratch the first of them is.
  private func widen(
    _ row: Int, _ inputs: Range<Int>, _ part: Part, _ target: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    let begin = first + row * rowSize
    let numbers = begin + inputs.lowerBound * part.tapCount..<begin + inputs.upperBound * part.tapCount
    let skipped = format.widenBlocks(around: numbers, from: start, to: target)
    let wide = target + skipped
    if let scale = scales.count > 1 ? scales[row] : scales.first {
      for index in 0..<numbers.count { wide[index] *= scale }
    }
    if changes.isEmpty { return wide }
    let columns = inputs.lowerBound * part.tapCount..<inputs.upperBound * part.tapCount
    for change in changes { change.apply(row: firstChanged + row, columns: columns, to: wide) }
    return wide
  }
}
