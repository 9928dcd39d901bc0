/// Scaled dot-product attention over several heads, `softmax(q kᵀ / sqrt(d)) v`, as torch's scaled_dot_product_attention.
///
/// query [n, tq, heads * d], key and value [n, tk, heads * d] -> [n, tq, heads * d]. With `isCausal`, query i sees
/// keys 0...i. Scores are held for a few queries at a time, never for all. In bf16 the factors of both products are
/// rounded: queries, keys, values and the exponentials of the scores.
package func attention(
  query: Tensor, key: Tensor, value: Tensor, heads: Int, isCausal: Bool = false, precision: Precision = .f32
) -> Tensor {
  precondition(query.shape.count == 3 && key.shape.count == 3, "attention of \(query.shape) to \(key.shape)")
  let (samples, queries, width) = (query.shape[0], query.shape[1], query.shape[2])
  let keys = key.shape[1]
  precondition(key.shape == [samples, keys, width] && value.shape == key.shape, "keys \(key), values \(value)")
  precondition(heads > 0 && width % heads == 0, "\(width) channels for \(heads) heads")
  precondition(!isCausal || queries <= keys, "causal attention of \(queries) queries to \(keys) keys")
  let head = AttentionHead(
    queries: queries, keys: keys, width: width, headWidth: width / heads, isCausal: isCausal, precision: precision)
  let products = 4 * Double(samples * queries) * Double(keys * width)
  let work = Profile.Work(
    operations: products, products: products, precision: precision,
    floats: 2 * samples * (queries + keys) * width)
  return Profile.measure(.attention, work) {
    head.attention(query: query, key: key, value: value, samples: samples, heads: heads)
  }
}
