/// Scaled dot-product attention over several heads, `softmax(q kᵀ / sqrt(d)) v`, as torch's scaled_dot_product_attention.
///
/// query [n, tq, heads * d], key and value [n, tk, heads * d] -> [n, tq, heads * d]. With `isCausal`, query i sees
/// keys 0...i. Scores are held for a few queries at a time, never for all.
package func attention(
  query: Tensor, key: Tensor, value: Tensor, heads: Int, isCausal: Bool = false
) -> Tensor {
  precondition(query.shape.count == 3 && key.shape.count == 3, "attention of \(query.shape) to \(key.shape)")
  let (samples, queries, width) = (query.shape[0], query.shape[1], query.shape[2])
  let keys = key.shape[1]
  precondition(key.shape == [samples, keys, width] && value.shape == key.shape, "keys \(key), values \(value)")
  precondition(heads > 0 && width % heads == 0, "\(width) channels for \(heads) heads")
  precondition(!isCausal || queries <= keys, "causal attention of \(queries) queries to \(keys) keys")
  let tile = AttentionTile(width: width, headWidth: width / heads, keys: keys, isCausal: isCausal)
  let tilesPerHead = (queries + AttentionTile.mostQueries - 1) / AttentionTile.mostQueries
  let queriesPerTile = (queries + max(tilesPerHead, 1) - 1) / max(tilesPerHead, 1)
  return Tensor(shape: query.shape) { y in
    guard keys > 0, let y = y.baseAddress else { return y.update(repeating: 0) }
    query.withUnsafePointer { query in
      key.withUnsafePointer { key in
        value.withUnsafePointer { value in
          Parallel.forEach(samples * heads * tilesPerHead) { index in
            let (head, tileIndex) = index.quotientAndRemainder(dividingBy: tilesPerHead)
            let (sample, channel) = (head / heads, head % heads * tile.headWidth)
            let first = tileIndex * queriesPerTile
            let rows = first..<min(first + queriesPerTile, queries)
            let (queryStart, keyStart) = (sample * queries * width + channel, sample * keys * width + channel)
            tile.attend(
              query: query + queryStart, key: key + keyStart, value: value + keyStart, rows: rows, y: y + queryStart)
          }
        }
      }
    }
  }
}

/// Attention of some queries of one head; rows of all tensors are `width` apart.
///
/// Goes through the keys block by block and keeps, for every query, the largest score so far and the sum of
/// exponentials relative to it (Milakov and Gimelshein 2018). Scores are transposed, [keys, queries]: a vector is one
/// key's score for sixteen queries, so maxima and sums need no reduction across lanes.
private struct AttentionTile {
  let width: Int
  let headWidth: Int
  let keys: Int
  let isCausal: Bool

  /// With `mostKeys` this keeps the scores in the second-level cache, and is enough to use each packed key often.
  static let mostQueries = 192
  private static let mostKeys = 512

  func attend(
    query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>, rows: Range<Int>,
    y: UnsafeMutablePointer<Float>
  ) {
    let blocks = (keys + Self.mostKeys - 1) / Self.mostKeys
    let keysPerBlock = (keys + blocks - 1) / blocks
    let stride = (rows.count + Vector.scalarCount - 1) / Vector.scalarCount * Vector.scalarCount
    // Lanes without a query are computed too; they start at zero.
    let storage = AlignedStorage(count: (keysPerBlock + headWidth + 2) * stride)
    storage.elements.update(repeating: 0, count: (keysPerBlock + headWidth + 2) * stride)
    let scores = storage.elements  // [keys, queries]
    let sums = scores + keysPerBlock * stride  // [queries]
    let maxima = sums + stride  // [queries]
    let result = maxima + stride  // [d, queries]
    maxima.update(repeating: -.infinity, count: stride)

    for first in Swift.stride(from: 0, to: isCausal ? rows.upperBound : keys, by: keysPerBlock) {
      let block = first..<min(first + keysPerBlock, keys)
      MatrixProduct.multiplyTransposed(
        m: block.count, n: rows.count, k: headWidth, a: key + first * width, aStride: width,
        b: query + rows.lowerBound * width, bStride: width, c: scores, cStride: stride,
        scale: 1 / Float(headWidth).squareRoot())
      if isCausal { hideLaterKeys(block, from: rows, scores: scores, stride: stride) }
      for lane in Swift.stride(from: 0, to: stride, by: Vector.scalarCount) {
        let shrinkage = exponentiate(
          scores + lane, stride: stride, count: block.count, maximum: maxima + lane, sum: sums + lane)
        for channel in 0..<headWidth {
          let target = result + channel * stride + lane
          (Vector(loading: target) * shrinkage).store(to: target)
        }
      }
      MatrixProduct.multiplyFirstTransposed(
        m: headWidth, n: rows.count, k: block.count, a: value + first * width, aStride: width, b: scores,
        bStride: stride, c: result, cStride: stride, beta: 1)
    }
    for lane in Swift.stride(from: 0, to: stride, by: Vector.scalarCount) {
      let total = Vector(loading: sums + lane)
      let target = y + (rows.lowerBound + lane) * width
      for channel in 0..<headWidth {
        let output = Vector(loading: result + channel * stride + lane) / total
        for query in 0..<min(Vector.scalarCount, rows.count - lane) { target[query * width + channel] = output[query] }
      }
    }
  }

  /// Replaces the scores of one vector of queries by `e^(score - maximum)` and adds them to the sum.
  ///
  /// Returns the factor that brings what was summed before to the new maximum.
  @inline(__always) private func exponentiate(
    _ scores: UnsafeMutablePointer<Float>, stride: Int, count: Int,
    maximum: UnsafeMutablePointer<Float>, sum: UnsafeMutablePointer<Float>
  ) -> Vector {
    let before = Vector(loading: maximum)
    var (even, odd) = (before, before)
    forEachPair(count) { first in
      even = even.maximum(Vector(loading: scores + first * stride))
    } second: { second in
      odd = odd.maximum(Vector(loading: scores + second * stride))
    }
    let after = even.maximum(odd)
    var (evenSum, oddSum) = (Vector.zero, Vector.zero)
    forEachPair(count) { first in
      let value = expNonPositive(Vector(loading: scores + first * stride) - after)
      value.store(to: scores + first * stride)
      evenSum += value
    } second: { second in
      let value = expNonPositive(Vector(loading: scores + second * stride) - after)
      value.store(to: scores + second * stride)
      oddSum += value
    }
    let shrinkage = expNonPositive(before - after)
    (evenSum + oddSum).addingProduct(Vector(loading: sum), shrinkage).store(to: sum)
    after.store(to: maximum)
    return shrinkage
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

  /// Sets the scores of keys that come after their query to minus infinity.
  private func hideLaterKeys(
    _ block: Range<Int>, from rows: Range<Int>, scores: UnsafeMutablePointer<Float>, stride: Int
  ) {
    for key in block {
      let hidden = min(max(key - rows.lowerBound, 0), rows.count)
      (scores + (key - block.lowerBound) * stride).update(repeating: -.infinity, count: hidden)
    }
  }
}
