import Foundation

/// Scaled dot-product attention over several heads, `softmax(q kᵀ / sqrt(d)) v`, as torch's scaled_dot_product_attention.
///
/// query [n, tq, heads * d], key and value [n, tk, heads * d] -> [n, tq, heads * d]. With `isCausal`, query i sees
/// keys 0...i. The score matrix is never held as a whole.
package func attention(
  query: Tensor, key: Tensor, value: Tensor, heads: Int, isCausal: Bool = false
) -> Tensor {
  let (samples, queries, keys, width) = (query.shape[0], query.shape[1], key.shape[1], query.shape[2])
  precondition(key.shape == [samples, keys, width] && value.shape == key.shape && width % heads == 0)
  let d = width / heads
  let scale = 1 / Float(d).squareRoot()
  return Tensor(shape: query.shape) { y in
    let (q, k, v) = (query.values, key.values, value.values)
    var scores = [Float](repeating: 0, count: keys)
    for sample in 0..<samples {
      for head in 0..<heads {
        for i in 0..<queries {
          let qBase = (sample * queries + i) * width + head * d
          let visible = isCausal ? min(i + 1, keys) : keys
          for j in 0..<visible {
            let kBase = (sample * keys + j) * width + head * d
            var sum: Float = 0
            for c in 0..<d { sum += q[qBase + c] * k[kBase + c] }
            scores[j] = sum * scale
          }
          let top = scores[..<visible].max() ?? 0
          var total: Float = 0
          for j in 0..<visible {
            scores[j] = exp(scores[j] - top)
            total += scores[j]
          }
          for c in 0..<d {
            var sum: Float = 0
            for j in 0..<visible { sum += scores[j] * v[(sample * keys + j) * width + head * d + c] }
            y[qBase + c] = sum / total
          }
        }
      }
    }
  }
}
