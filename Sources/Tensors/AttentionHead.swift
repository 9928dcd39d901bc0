import CKernels

/// Attention in one head of one sample.
///
/// Takes some panels of queries at a time, goes through the keys block by block and keeps, for every query, the largest
/// score so far and the sum of exponentials relative to it (Milakov and Gimelshein 2018). Scores are transposed, [keys,
/// queries], and so is the result, [d, queries]: a vector is one key's score for sixteen queries, so maxima and sums need no
/// reduction across lanes, and the scores of a block are the next product's panel as they are.
struct AttentionHead {
  let queries, keys, heads, keyHeads, headWidth: Int
  /// What scores are multiplied by.
  let scale: Float
  let isCausal: Bool
  let precision: Precision
  /// What is done to queries and to keys before scores are made of them.
  var queryPreparation: HeadPreparation?
  var keyPreparation: HeadPreparation?
  /// Distances of a token from the next: of queries, of keys and of values, and of results.
  private let queryStride, keyStride, resultStride: Int

  init(
    queries: Int, keys: Int, heads: Int, keyHeads: Int, headWidth: Int, scale: Float, isCausal: Bool,
    precision: Precision, queryStride: Int? = nil, keyStride: Int? = nil, resultStride: Int? = nil
  ) {
    (self.queries, self.keys, self.heads, self.keyHeads, self.headWidth) = (queries, keys, heads, keyHeads, headWidth)
    (self.scale, self.isCausal, self.precision) = (scale, isCausal, precision)
    self.queryStride = queryStride ?? heads * headWidth
    self.keyStride = keyStride ?? keyHeads * headWidth
    self.resultStride = resultStride ?? heads * headWidth
  }

  /// Keys of a block: their scores stay in the first-level cache, with AVX-512 in the second, and a product takes six at a time.
  private static let mostKeys: Int =
    switch ProductEngine.current {
    case .amx: 128
    case .avx512, .openblas: 126
    case .avx2: 252
    }
  /// Queries of a tile, and of a panel.
  private let group = PanelProduct.group
  private let panel = PanelProduct.width
  private var keysPerBlock: Int {
    filledUp(precision.words(min(keys + keys % 2, Self.mostKeys))) * precision.factorsPerWord
  }
  private var blockCount: Int { (keys + keysPerBlock - 1) / keysPerBlock }
  /// Words of one query or key, and of one channel's values in a block.
  private var depth: Int { filledUp(precision.words(headWidth)) }
  private var valueWords: Int { precision.words(keysPerBlock) }

  /// Whole steps of words that a product takes at a time.
  private func filledUp(_ words: Int) -> Int {
    let step = PanelProduct.wordsPerStep(precision)
    return (words + step - 1) / step * step
  }

  /// Tiles of queries.
  private var tileCount: Int { (queries + group - 1) / group }

  /// Attention in all heads of some samples.
  func attention(query: Tensor, key: Tensor, value: Tensor, samples: Int, distanceBias: Tensor?) -> Tensor {
    Tensor(shape: query.shape) { y in
      guard keys > 0, let y = y.baseAddress else { return y.update(repeating: 0) }
      query.withUnsafePointer { query in
        key.withUnsafePointer { key in
          value.withUnsafePointer { value in
            attention(query: query, key: key, value: value, samples: samples, distanceBias: distanceBias, y: y)
          }
        }
      }
    }
  }

  /// The same of one key or more, from and to any place.
  func attention(
    query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>, samples: Int,
    distanceBias: Tensor? = nil, y: UnsafeMutablePointer<Float>
  ) {
    let packed = AlignedStorage(count: samples * keyHeads * packedCount)
    let bias = distanceBias.map(padded)
    Parallel.forEach(samples * keyHeads) { index in
      let first = index / keyHeads * keys * keyStride + index % keyHeads * headWidth
      pack(key: key + first, value: value + first, into: packed.elements + index * packedCount)
    }
    Parallel.forEach(samples * heads * tileCount, scratch: scratchCount) { task, scratch in
      let (index, tile) = task.quotientAndRemainder(dividingBy: tileCount)
      let (sample, head) = index.quotientAndRemainder(dividingBy: heads)
      let keyHead = sample * keyHeads + head / (heads / keyHeads)
      attend(
        query: query + (sample * queries * queryStride + head * headWidth),
        packed: packed.elements + keyHead * packedCount,
        bias: bias.map { UnsafePointer($0.elements + head * biasCount) }, tile: tile, scratch: scratch,
        y: y + (sample * queries * resultStride + head * headWidth))
    }
    withExtendedLifetime((packed, bias)) {}
  }

  /// Numbers of one head's bias, filled up for the queries that the last tile lacks.
  private var biasCount: Int { tileCount * group + keys }

  private func padded(_ bias: Tensor) -> AlignedStorage {
    let (count, padded) = (queries + keys - 1, AlignedStorage(count: heads * biasCount))
    padded.elements.update(repeating: 0, count: heads * biasCount)
    bias.withUnsafePointer { bias in
      for head in 0..<heads { (padded.elements + head * biasCount).update(from: bias + head * count, count: count) }
    }
    return padded
  }

  // MARK: - Keys and values

  /// Words of the keys, [tk, depth], and the values, [blocks, d, keys of a block].
  private var packedCount: Int { keys * depth + blockCount * headWidth * valueWords }

  /// Gathers the keys, turns the values, and rounds both to bf16 if asked.
  private func pack(key: UnsafePointer<Float>, value: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    let prepared = keyPreparation == nil ? nil : AlignedStorage(count: headWidth)
    if PanelProduct.wordsPerStep(precision) > 1 { target.update(repeating: 0, count: packedCount) }
    for row in 0..<keys {
      var (source, words) = (key + row * keyStride, target + row * depth)
      if let keyPreparation, let prepared {
        keyPreparation.apply(to: source, token: row, result: prepared.elements)
        source = UnsafePointer(prepared.elements)
      }
      switch precision {
      case .f32: words.update(from: source, count: headWidth)
      case .bf16: PanelProduct.round(source, rows: 1, depth: headWidth, to: words, stride: depth)
      }
    }
    withExtendedLifetime(prepared) {}
    for block in 0..<blockCount {
      let rows = block * keysPerBlock..<min((block + 1) * keysPerBlock, keys)
      let (source, words) = (
        value + rows.lowerBound * keyStride, target + keys * depth + block * headWidth * valueWords
      )
      switch precision {
      case .f32:
        transpose(source, stride: keyStride, rows: rows.count, columns: headWidth, to: words, stride: valueWords)
      case .bf16:
        let turned = AlignedStorage(count: headWidth * rows.count)
        transpose(
          source, stride: keyStride, rows: rows.count, columns: headWidth, to: turned.elements, stride: rows.count)
        PanelProduct.round(turned.elements, rows: headWidth, depth: rows.count, to: words, stride: valueWords)
      }
    }
  }

  // MARK: - A tile of queries

  /// Floats that `attend` works in.
  private var scratchCount: Int {
    (depth + headWidth + 2) * group + (keysPerBlock + headWidth + 1) * panel
      + (queryPreparation == nil ? 0 : headWidth * panel)
  }

  /// Attention of tile `tile` of the queries.
  ///
  /// All that is done with a block of keys is done for one panel of queries before the next, so that their scores are in
  /// the first-level cache from beginning to end.
  private func attend(
    query: UnsafePointer<Float>, packed: UnsafePointer<Float>, bias: UnsafePointer<Float>?, tile: Int,
    scratch: UnsafeMutablePointer<Float>, y: UnsafeMutablePointer<Float>
  ) {
    let rows = tile * group..<min((tile + 1) * group, queries)
    let packedQuery = scratch  // [panels, depth, panel]
    let result = packedQuery + depth * group  // [panels, d, panel]
    let maxima = result + headWidth * group  // [panels, panel]
    let sums = maxima + group  // [panels, panel]
    let scores = sums + group  // [keys, panel]
    let blockResult = scores + keysPerBlock * panel  // [d, panel]
    let shrinkages = blockResult + headWidth * panel  // [panel]
    let preparedQuery = shrinkages + panel  // [panel, d]
    pack(query: query, rows: rows, into: packedQuery, turned: scores, prepared: preparedQuery)
    result.update(repeating: 0, count: headWidth * group)
    maxima.update(repeating: -.infinity, count: group)
    sums.update(repeating: 0, count: group)

    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: keysPerBlock + headWidth) { pointers in
      guard let pointers = pointers.baseAddress else { return }
      let (keyRows, valueRows) = (pointers, pointers + keysPerBlock)
      for first in stride(from: 0, to: isCausal ? min(rows.upperBound, keys) : keys, by: keysPerBlock) {
        let block = first..<min(first + keysPerBlock, keys)
        point(keyRows, valueRows, to: block, packed: packed)
        for query in stride(from: 0, to: rows.count, by: panel) {
          let panelRows = rows.dropFirst(query).prefix(panel)
          let block = isCausal ? block.prefix(max(panelRows.upperBound - first, 0)) : block
          if block.isEmpty { continue }
          let result = result + query * headWidth
          if let bias { start(scores, with: bias, keys: block, query: panelRows.lowerBound) }
          PanelProduct.multiply(
            precision, rows: block.count, columns: panel, depth: depth, a: keyRows, fetchesRows: query == 0,
            b: packedQuery + query * depth, c: scores, cStride: panel, adds: bias != nil)
          if isCausal { hideLaterKeys(block, from: panelRows, scores: scores) }
          if precision.isMultipliedByAMX {
            addValues(
              of: block.count, valueRows, scores: scores, maxima: maxima + query, sums: sums + query,
              shrinkages: shrinkages, to: result)
            continue
          }
          for lane in stride(from: 0, to: panel, by: Vector.scalarCount) {
            exponentiate(
              scores + lane, count: block.count, maximum: maxima + query + lane, sum: sums + query + lane,
              shrinkage: shrinkages + lane)
          }
          PanelProduct.multiply(
            precision, rows: headWidth, columns: panel, depth: precision.words(block.count), a: valueRows,
            fetchesRows: query == 0, b: scores, c: blockResult, cStride: panel, adds: false)
          add(blockResult, to: result, shrinkages: shrinkages)
        }
      }
    }
    write(result, sums: sums, rows: rows, y: y)
  }

  /// Gives the scores of a panel of queries, from `query` on, the bias to which products are added.
  private func start(
    _ scores: UnsafeMutablePointer<Float>, with bias: UnsafePointer<Float>, keys block: Range<Int>, query: Int
  ) {
    for (index, key) in block.enumerated() {
      (scores + index * panel).update(from: bias + (query - key + keys - 1), count: panel)
    }
  }

  /// Finds the keys of a block, and each channel of its values.
  private func point(
    _ keyRows: UnsafeMutablePointer<UnsafePointer<Float>?>, _ valueRows: UnsafeMutablePointer<UnsafePointer<Float>?>,
    to block: Range<Int>, packed: UnsafePointer<Float>
  ) {
    for (index, key) in block.enumerated() { (keyRows + index).initialize(to: packed + key * depth) }
    let values = packed + keys * depth + block.lowerBound / keysPerBlock * headWidth * valueWords
    for channel in 0..<headWidth { (valueRows + channel).initialize(to: values + channel * valueWords) }
  }

  /// Puts the scaled queries into panels; queries that are missing are zeros.
  ///
  /// In bf16 a panel is `turned` first, with a row of zeros where the last word lacks its second number.
  private func pack(
    query: UnsafePointer<Float>, rows: Range<Int>, into target: UnsafeMutablePointer<Float>,
    turned: UnsafeMutablePointer<Float>, prepared: UnsafeMutablePointer<Float>
  ) {
    let scale = Vector(repeating: scale)
    for first in stride(from: 0, to: rows.count, by: panel) {
      let rows = rows.dropFirst(first).prefix(panel)
      let target = target + first * depth
      let line = precision == .f32 ? target : turned
      let count = depth * panel * (precision == .f32 ? 1 : 2)
      if rows.count < panel || count > headWidth * panel { line.update(repeating: 0, count: count) }
      if let queryPreparation {
        for (index, row) in rows.enumerated() {
          queryPreparation.apply(to: query + row * queryStride, token: row, result: prepared + index * headWidth)
        }
        transpose(prepared, stride: headWidth, rows: rows.count, columns: headWidth, to: line, stride: panel)
      } else {
        transpose(
          query + rows.lowerBound * queryStride, stride: queryStride, rows: rows.count, columns: headWidth, to: line,
          stride: panel)
      }
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

  /// Adds the values of `count` keys to a panel's result by AMX, which adds them where the result is: it is shrunken where a
  /// maximum has grown, which is seldom.
  private func addValues(
    of count: Int, _ valueRows: RowPointers, scores: UnsafeMutablePointer<Float>,
    maxima: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, shrinkages: UnsafeMutablePointer<Float>,
    to result: UnsafeMutablePointer<Float>
  ) {
    for lane in stride(from: 0, to: panel, by: Vector.scalarCount)
    where ck_exponentiate_bf16(scores + lane, count, maxima + lane, sums + lane, shrinkages + lane) {
      let shrinkage = Vector(loading: shrinkages + lane)
      for index in stride(from: lane, to: headWidth * panel, by: panel) {
        (shrinkage * Vector(loading: result + index)).store(to: result + index)
      }
    }
    let words = precision.words(count)
    (scores + words * panel).update(repeating: 0, count: (filledUp(words) - words) * panel)
    PanelProduct.multiply(
      precision, rows: headWidth, columns: panel, depth: filledUp(words), a: valueRows, fetchesRows: false, b: scores,
      c: result, cStride: panel, adds: true)
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

  /// Adds a block's result to the shrunken one of the blocks before: sums of sums, which round less than one long sum.
  private func add(
    _ block: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, shrinkages: UnsafePointer<Float>
  ) {
    for lane in stride(from: 0, to: panel, by: Vector.scalarCount) {
      let shrinkage = Vector(loading: shrinkages + lane)
      for index in stride(from: lane, to: headWidth * panel, by: panel) {
        Vector(loading: block + index).addingProduct(Vector(loading: result + index), shrinkage).store(
          to: result + index)
      }
    }
  }

  /// Divides by the sums and turns the result, [panels, d, panel] -> [queries, d].
  private func write(
    _ result: UnsafeMutablePointer<Float>, sums: UnsafePointer<Float>, rows: Range<Int>, y: UnsafeMutablePointer<Float>
  ) {
    for first in stride(from: 0, to: rows.count, by: panel) {
      let (result, rows) = (result + first * headWidth, rows.dropFirst(first).prefix(panel))
      for lane in stride(from: 0, to: rows.count, by: Vector.scalarCount) {
        let total = Vector(loading: sums + first + lane)
        for index in stride(from: lane, to: headWidth * panel, by: panel) {
          (Vector(loading: result + index) / total).store(to: result + index)
        }
      }
      transpose(
        result, stride: panel, rows: headWidth, columns: rows.count, to: y + rows.lowerBound * resultStride,
        stride: resultStride)
    }
  }

  /// Sets the scores of keys that come after their query to minus infinity.
  private func hideLaterKeys(_ block: Range<Int>, from rows: Range<Int>, scores: UnsafeMutablePointer<Float>) {
    for key in block where key > rows.lowerBound {
      (scores + (key - block.lowerBound) * panel)
        .update(repeating: -.infinity, count: min(key - rows.lowerBound, rows.count))
    }
  }
}
