import Glibc
import Tensors

/// What T5 adds to the scores of its attentions for how far apart two tokens are.
///
/// Near distances each have a bucket, far ones share them on a logarithmic scale; keys before and behind the query have half
/// of the buckets each.
/// Source: `T5Attention._relative_position_bucket` of transformers, in single precision as there.
package struct T5RelativePositions: Sendable {
  private let bucketCount, maxDistance: Int

  package init(bucketCount: Int, maxDistance: Int) {
    (self.bucketCount, self.maxDistance) = (bucketCount, maxDistance)
  }

  /// The bucket of a key that is `offset` tokens behind the query, before it where negative.
  package func bucket(offset: Int) -> Int {
    let (half, distance) = (bucketCount / 2, abs(offset))
    let (side, exact) = (offset > 0 ? half : 0, half / 2)
    if distance < exact { return side + distance }
    let octaves = logf(Float(distance) / Float(exact)) / Float(log(Double(maxDistance) / Double(exact)))
    return side + min(exact + Int(octaves * Float(half - exact)), half - 1)
  }

  /// What `weight`, [buckets, heads], gives each head of `tokens` queries and as many keys: [heads, 2 tokens - 1], as
  /// `attention` takes it.
  func distanceBias(_ weight: Tensor, tokens: Int) -> Tensor {
    let (heads, weight) = (weight.shape[1], weight.values)
    return Tensor(shape: [heads, 2 * tokens - 1]) { bias in
      for index in 0..<2 * tokens - 1 {
        // The query is `index - (tokens - 1)` behind the key.
        let row = bucket(offset: tokens - 1 - index) * heads
        for head in 0..<heads { bias[head * (2 * tokens - 1) + index] = weight[row + head] }
      }
    }
  }
}
