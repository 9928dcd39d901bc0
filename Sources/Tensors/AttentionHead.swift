/// Attention in one head of one sample; rows of the tensors are `width` apart.
///
/// Takes some panels of queries at a time, goes through the keys block by block and keeps, for every query, the largest
/// score so far and the sum of exponentials relative to it (Milakov and Gimelshein 2018). Scores are transposed, [panels,
/// keys, queries], and so is the result, [d, queries]: a vector is one key's score for sixteen queries, so maxima and sums
/// need no reduction across lanes, and the scores of a block are the next product's panels as they are.
struct AttentionHead {
  let queries, keys, width, headWidth: Int
  let isCausal: Bool
  let precision: Precision

  /// Keys of a block: their scores stay in the first- or second-level cache, and a product takes six at a time.
  private static let mostKeys = 126
  /// Queries of a tile, and of a panel.
  private let group = PanelProduct.group
  private let panel = PanelProduct.width
  private var keysPerBlock: Int { min(keys + keys % 2, Self.mostKeys) }
  private var blockCount: Int { (keys + keysPerBlock - 1) / keysPerBlock }
  /// Words of one query or key, and of one channel's values in a block.
  private var depth: Int { precision.words(headWidth) }
  private var valueWords: Int { precision.words(keysPerBlock) }

  /// Tiles of queries.
  private var tileCount: Int { (queries + group - 1) / group }

  /// Attention in all `heads` of some samples.
  func attention(query: Tensor, key: Tensor, value: Tensor, samples: Int, heads: Int) -> Tensor {
    Tensor(shape: query.shape) { y in
      guard keys > 0, let y = y.baseAddress else { return y.update(repeating: 0) }
      let packed = AlignedStorage(count: samples * heads * packedCount)
      func place(_ index: Int, rows: Int) -> Int { index / heads * rows * width + index % heads * headWidth }
      query.withUnsafePointer { query in
        key.withUnsafePointer { key in
          value.withUnsafePointer { value in
            Parallel.forEach(samples * heads) { index in
              let first = place(index, rows: keys)
              pack(key: key + first, value: value + first, into: packed.elements + index * packedCount)
            }
            Parallel.forEach(samples * heads * tileCount, scratch: scratchCount) { task, scratch in
              let (index, tile) = task.quotientAndRemainder(dividingBy: tileCount)
              let first = place(index, rows: queries)
              attend(
                query: query + first, packed: packed.elements + index * packedCount, tile: tile, scratch: scratch,
                y: y + first)
            }
          }
        }
      }
    }
  }

  // MARK: - Keys and values

  /// Words of the keys, [tk, depth], and the values, [blocks, d, keys of a block].
  private var packedCount: Int { keys * depth + blockCount * headWidth * valueWords }

  /// Gathers the keys, turns the values, and rounds both to bf16 if asked.
  private func pack(key: UnsafePointer<Float>, value: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    for row in 0..<keys {
      let (source, words) = (key + row * width, target + row * depth)
      switch precision {
      case .f32: words.update(from: source, count: headWidth)
      case .bf16: PanelProduct.round(source, rows: 1, depth: headWidth, to: words)
      }
    }
    for block in 0..<blockCount {
      let rows = block * keysPerBlock..<min((block + 1) * keysPerBlock, keys)
      let (source, words) = (value + rows.lowerBound * width, target + keys * depth + block * headWidth * valueWords)
      switch precision {
      case .f32: transpose(source, stride: width, rows: rows.count, columns: headWidth, to: words, stride: valueWords)
      case .bf16:
        let turned = AlignedStorage(count: headWidth * rows.count)
        transpose(
          source, stride: width, rows: rows.count, columns: headWidth, to: turned.elements, stride: rows.count)
        for channel in 0..<headWidth {
          PanelProduct.round(
            turned.elements + channel * rows.count, rows: 1, depth: rows.count, to: words + channel * valueWords)
        }
      }
    }
  }

  // MARK: - A tile of queries

  /// Floats that `attend` works in.
  private var scratchCount: Int { (depth + keysPerBlock + 2 * headWidth + 3) * group }

  /// Attention of tile `tile` of the queries.
  private func attend(
    query: UnsafePointer<Float>, packed: UnsafePointer<Float>, tile: Int, scratch: UnsafeMutablePointer<Float>,
    y: UnsafeMutablePointer<Float>
  ) {
    let rows = tile * group..<min((tile + 1) * group, queries)
    let columns = (rows.count + panel - 1) / panel * panel
    let packedQuery = scratch  // [panels, depth, panel]
    let scores = packedQuery + depth * group  // [panels, keys, panel]
    let result = scores + keysPerBlock * group  // [d, group]
    let blockResult = result + headWidth * group  // [d, group]
    let sums = blockResult + headWidth * group
    let (maxima, shrinkages) = (sums + group, sums + 2 * group)
    pack(query: query, rows: rows, into: packedQuery, turned: result)
    result.update(repeating: 0, count: headWidth * group)
    sums.update(repeating: 0, count: group)
    maxima.update(repeating: -.infinity, count: group)

    withUnsafeTemporaryAllocation(
      of: UnsafePointer<Float>?.self, capacity: max(keysPerBlock, headWidth)
    ) { pointers in
      guard let pointers = pointers.baseAddress else { return }
      for first in stride(from: 0, to: isCausal ? rows.upperBound : keys, by: keysPerBlock) {
        let block = first..<min(first + keysPerBlock, keys)
        score(block, query: packedQuery, columns: columns, packed: packed, pointers: pointers, scores: scores)
        if isCausal { hideLaterKeys(block, from: rows, scores: scores) }
        for lane in stride(from: 0, to: columns, by: Vector.scalarCount) {
          exponentiate(
            scores + firstScore(ofQuery: lane), count: block.count, maximum: maxima + lane, sum: sums + lane,
            shrinkage: shrinkages + lane)
        }
        weighValues(
          block, exponentials: scores, columns: columns, packed: packed, pointers: pointers, result: blockResult)
        add(blockResult, to: result, columns: columns, shrinkages: shrinkages)
      }
    }
    write(result, sums: sums, rows: rows, y: y)
  }

  /// Where the scores of a query of the tile begin; those of its other keys are `panel` apart.
  private func firstScore(ofQuery query: Int) -> Int { query / panel * keysPerBlock * panel + query % panel }

  /// Puts the scaled queries into panels; queries that are missing are zeros.
  ///
  /// In bf16 a panel is `turned` first, with a row of zeros where the last word lacks its second number.
  private func pack(
    query: UnsafePointer<Float>, rows: Range<Int>, into target: UnsafeMutablePointer<Float>,
    turned: UnsafeMutablePointer<Float>
  ) {
    let scale = Vector(repeating: 1 / Float(headWidth).squareRoot())
    for first in stride(from: 0, to: rows.count, by: panel) {
      let rows = rows.dropFirst(first).prefix(panel)
      let target = target + first * depth
      let line = precision == .f32 ? target : turned
      let count = depth * panel * (precision == .f32 ? 1 : 2)
      if rows.count < panel || count > headWidth * panel { line.update(repeating: 0, count: count) }
      transpose(
        query + rows.lowerBound * width, stride: width, rows: rows.count, columns: headWidth, to: line, stride: panel)
      for index in stride(from: 0, to: count, by: Vector.scalarCount) {
        (scale * Vector(loading: line + index)).store(to: line + index)
      }
      guard precision == .bf16 else { continue }
      for word in 0..<depth {
        let pair = line + 2 * word * panel
        PanelProduct.interleave(pair, pair + panel, to: target + word * panel, count: panel)
      }
    }
  }

  /// `scores = k qᵀ`: [keys, queries].
  private func score(
    _ block: Range<Int>, query: UnsafePointer<Float>, columns: Int, packed: UnsafePointer<Float>,
    pointers: UnsafeMutablePointer<UnsafePointer<Float>?>, scores: UnsafeMutablePointer<Float>
  ) {
    for (index, key) in block.enumerated() { (pointers + index).initialize(to: packed + key * depth) }
    for first in stride(from: 0, to: columns, by: panel) {
      PanelProduct.multiply(
        precision, rows: block.count, columns: panel, depth: depth, a: pointers, fetchesRows: first == 0,
        b: query + first * depth, c: scores + first * keysPerBlock, cStride: panel, adds: false)
    }
  }

  /// Replaces the scores of one vector of queries by `e^(score - maximum)`, in bf16 two to a word, and adds them to the sum.
  ///
  /// The shrinkage is the factor that brings what was summed before to the new maximum.
  @inline(__always) private func exponentiate(
    _ scores: UnsafeMutablePointer<Float>, count: Int, maximum: UnsafeMutablePointer<Float>,
    sum: UnsafeMutablePointer<Float>, shrinkage: UnsafeMutablePointer<Float>
  ) {
    let before = Vector(loading: maximum)
    var (even, odd) = (before, before)
    forEachPair(count) { first in
      even = even.maximum(Vector(loading: scores + first * panel))
    } second: { second in
      odd = odd.maximum(Vector(loading: scores + second * panel))
    }
    let after = even.maximum(odd)
    var (evenSum, oddSum) = (Vector.zero, Vector.zero)
    switch precision {
    case .f32:
      forEachPair(count) { first in
        let value = expNonPositive(Vector(loading: scores + first * panel) - after)
        value.store(to: scores + first * panel)
        evenSum += value
      } second: { second in
        let value = expNonPositive(Vector(loading: scores + second * panel) - after)
        value.store(to: scores + second * panel)
        oddSum += value
      }
    case .bf16:
      for word in 0..<(count + 1) / 2 {
        let pair = scores + 2 * word * panel
        let first = roughExpNonPositive(Vector(loading: pair) - after)
        let isLast = 2 * word + 1 == count
        let second = isLast ? Vector.zero : roughExpNonPositive(Vector(loading: pair + panel) - after)
        evenSum += first
        oddSum += second
        first.storeBF16(beside: second, to: scores + word * panel)
      }
    }
    let factor = expNonPositive(before - after)
    (evenSum + oddSum).addingProduct(Vector(loading: sum), factor).store(to: sum)
    after.store(to: maximum)
    factor.store(to: shrinkage)
  }

  /// Calls `first` with even and `second` with odd indices: two chains of dependent operations instead of one.
  @inline(__always) private func forEachPair(_ count: Int, first: (Int) -> Void, second: (Int) -> Void) {
    var index = 0
    while index + 2 <= count {
      first(index)
      second(index + 1)
      index += 2
    }
    if index < count { first(index) }
  }

  /// `result = vᵀ e`: [d, queries].
  private func weighValues(
    _ block: Range<Int>, exponentials: UnsafePointer<Float>, columns: Int, packed: UnsafePointer<Float>,
    pointers: UnsafeMutablePointer<UnsafePointer<Float>?>, result: UnsafeMutablePointer<Float>
  ) {
    let values = packed + keys * depth + block.lowerBound / keysPerBlock * headWidth * valueWords
    for channel in 0..<headWidth { (pointers + channel).initialize(to: values + channel * valueWords) }
    for first in stride(from: 0, to: columns, by: panel) {
      PanelProduct.multiply(
        precision, rows: headWidth, columns: panel, depth: precision.words(block.count), a: pointers,
        fetchesRows: first == 0, b: exponentials + first * keysPerBlock, c: result + first, cStride: group, adds: false)
    }
  }

  /// Adds a block's result to the shrunken one of the blocks before: sums of sums, which round less than one long sum.
  private func add(
    _ block: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, columns: Int,
    shrinkages: UnsafePointer<Float>
  ) {
    for lane in stride(from: 0, to: columns, by: Vector.scalarCount) {
      let shrinkage = Vector(loading: shrinkages + lane)
      for index in stride(from: lane, to: headWidth * group, by: group) {
        Vector(loading: block + index).addingProduct(Vector(loading: result + index), shrinkage).store(
          to: result + index)
      }
    }
  }

  /// Divides by the sums and turns the result, [d, queries] -> [queries, d].
  private func write(
    _ result: UnsafeMutablePointer<Float>, sums: UnsafePointer<Float>, rows: Range<Int>, y: UnsafeMutablePointer<Float>
  ) {
    for lane in stride(from: 0, to: rows.count, by: Vector.scalarCount) {
      let total = Vector(loading: sums + lane)
      for index in stride(from: lane, to: headWidth * group, by: group) {
        (Vector(loading: result + index) / total).store(to: result + index)
      }
    }
    transpose(
      result, stride: group, rows: headWidth, columns: rows.count, to: y + rows.lowerBound * width, stride: width)
  }

  /// Sets the scores of keys that come after their query to minus infinity.
  private func hideLaterKeys(_ block: Range<Int>, from rows: Range<Int>, scores: UnsafeMutablePointer<Float>) {
    for key in block {
      let hidden = min(max(key - rows.lowerBound, 0), rows.count)
      for first in stride(from: 0, to: hidden, by: panel) {
        (scores + firstScore(ofQuery: first) + (key - block.lowerBound) * panel)
          .update(repeating: -.infinity, count: min(panel, hidden - first))
      }
    }
  }
}
