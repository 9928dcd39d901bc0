/// Scaled dot-product attention over several heads, `softmax(scale q kᵀ + bias) v`, as torch's scaled_dot_product_attention.
///
/// query [n, tq, heads * d], key and value [n, tk, keyHeads * d] -> [n, tq, heads * d]. With fewer `keyHeads` than heads,
/// which they divide, as many heads in a row share one (grouped queries, Ainslie et al. 2023). `scale` is `1 / sqrt(d)` if
/// left out. `distanceBias`, [heads, tq + tk - 1], is added to the scores by how far the query is behind the key:
/// entry `i - j + tk - 1` for query i and key j. With `isCausal`, query i sees keys 0...i, as far as there are any. Scores are
/// held for a few queries at a time, never for all. In bf16 the factors of both products are rounded: queries, keys, values
/// and the exponentials of the scores.
package func attention(
  query: Tensor, key: Tensor, value: Tensor, heads: Int, keyHeads: Int? = nil, scale: Float? = nil,
  distanceBias: Tensor? = nil, isCausal: Bool = false, precision: Precision = .f32
) -> Tensor {
  precondition(query.shape.count == 3 && key.shape.count == 3, "attention of \(query.shape) to \(key.shape)")
  let (samples, queries, width) = (query.shape[0], query.shape[1], query.shape[2])
  let (keys, keyHeads) = (key.shape[1], keyHeads ?? heads)
  precondition(heads > 0 && width % heads == 0, "\(width) channels for \(heads) heads")
  precondition(keyHeads > 0 && heads % keyHeads == 0, "\(heads) heads for \(keyHeads) of keys")
  let headWidth = width / heads
  precondition(
    key.shape == [samples, keys, keyHeads * headWidth] && value.shape == key.shape, "keys \(key), values \(value)")
  precondition(
    distanceBias.map { $0.shape == [heads, queries + keys - 1] } ?? true,
    "a bias \(distanceBias?.shape ?? []) of \(queries) queries and \(keys) keys in \(heads) heads")
  let head = AttentionHead(
    queries: queries, keys: keys, heads: heads, keyHeads: keyHeads, headWidth: headWidth,
    scale: scale ?? 1 / Float(headWidth).squareRoot(), isCausal: isCausal, precision: precision)
  let products = 4 * Double(samples * queries) * Double(keys * width)
  let work = Profile.Work(
    operations: products, products: products, precision: precision,
    floats: 2 * samples * (queries * width + keys * keyHeads * headWidth))
  return Profile.measure(.attention, work) {
    head.attention(query: query, key: key, value: value, samples: samples, distanceBias: distanceBias)
  }
}
