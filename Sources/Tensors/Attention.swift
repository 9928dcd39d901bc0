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
  let tilesPerHead = (queries + tile.mostQueries - 1) / tile.mostQueries
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
private struct AttentionTile {
  let width: Int
  let headWidth: Int
  let keys: Int
  let isCausal: Bool

  /// As many queries as keep the scores within the second-level cache, but enough to use each packed key often.
  var mostQueries: Int { min(max((256 << 10) / max(keys, 1), 64), 256) }

  func attend(
    query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>, rows: Range<Int>,
    y: UnsafeMutablePointer<Float>
  ) {
    let storage = AlignedStorage(count: rows.count * keys)
    let scores = storage.elements
    let y = y + rows.lowerBound * width
    MatrixProduct.multiplyTransposed(
      m: rows.count, n: keys, k: headWidth, a: query + rows.lowerBound * width, aStride: width, b: key, bStride: width,
      c: scores, cStride: keys, scale: 1 / Float(headWidth).squareRoot())
    var totals = [Float](repeating: 0, count: rows.count)
    for (index, row) in rows.enumerated() {
      totals[index] = exponentiate(scores + index * keys, visible: isCausal ? min(row + 1, keys) : keys)
    }
    MatrixProduct.multiply(
      m: rows.count, n: headWidth, k: keys, a: scores, aStride: keys, b: value, bStride: width, c: y, cStride: width)
    for (index, total) in totals.enumerated() {
      for channel in 0..<headWidth { y[index * width + channel] /= total }
    }
  }

  /// Replaces a row of scores by `e^(score - maximum)`, 0 where not visible, and returns their sum.
  private func exponentiate(_ scores: UnsafeMutablePointer<Float>, visible: Int) -> Float {
    var maxima = Vector(repeating: -.infinity)
    forEachVector(0..<visible) { i in
      maxima = maxima.maximum(Vector(loading: scores + i))
    } tail: { i, lanes in
      maxima = maxima.maximum(Vector(loading: scores + i, count: lanes, filler: -.infinity))
    }
    let maximum = Vector(repeating: maxima.laneMaximum)
    var sum = Vector.zero
    forEachVector(0..<visible) { i in
      let value = expNonPositive(Vector(loading: scores + i) - maximum)
      value.store(to: scores + i)
      sum += value
    } tail: { i, lanes in
      expNonPositive(Vector(loading: scores + i, count: lanes) - maximum).store(to: scores + i, count: lanes)
      sum += Vector(loading: scores + i, count: lanes)
    }
    (scores + visible).update(repeating: 0, count: keys - visible)
    return sum.laneSum
  }
}
