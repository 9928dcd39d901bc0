/// Heads of an attention whose queries and keys are normalised, each head by itself.
package struct NormedHeads: Sendable {
  package let count, headWidth: Int
  /// Of the norms.
  package let eps: Float
  package let precision: Precision
  package var width: Int { count * headWidth }

  package init(count: Int, headWidth: Int, eps: Double, precision: Precision) {
    (self.count, self.headWidth, self.eps, self.precision) = (count, headWidth, Float(eps), precision)
  }
}

/// Attention of a sequence of tokens to itself, after a norm of each head of queries and keys and their rotation by
/// position, both done where queries and keys are packed for the product.
package struct SelfAttention: TokenColumns {
  private let projected: Tensor
  private let heads: NormedHeads
  private let query, key: HeadPreparation
  package let shape: [Int]

  /// `projected` has queries, keys and values side by side, [n, t, 3 d]; each norm has a weight [head width] for each
  /// stretch of tokens.
  package init(
    _ projected: Tensor, _ heads: NormedHeads, queryNorms: [(tokens: Range<Int>, weight: Tensor)],
    keyNorms: [(tokens: Range<Int>, weight: Tensor)], rotation: RotaryEmbedding
  ) {
    let tokens = projected.shape[1]
    precondition(projected.shape[2] == 3 * heads.width, "\(projected.shape) for \(heads.width) channels")
    precondition(
      rotation.headWidth == heads.headWidth && rotation.tokens >= tokens, "rotations of \(rotation.tokens) tokens")
    precondition((queryNorms + keyNorms).allSatisfy { $0.weight.shape == [heads.headWidth] }, "norms of another width")
    (self.projected, self.heads) = (projected, heads)
    query = HeadPreparation(norms: queryNorms, eps: heads.eps, rotation: rotation)
    key = HeadPreparation(norms: keyNorms, eps: heads.eps, rotation: rotation)
    shape = [projected.shape[0], tokens, heads.width]
  }

  package func write(to y: UnsafeMutablePointer<Float>, stride: Int) {
    let (samples, tokens, width) = (shape[0], shape[1], shape[2])
    guard tokens > 0 else { return }
    var head = AttentionHead(
      queries: tokens, keys: tokens, heads: heads.count, keyHeads: heads.count, headWidth: heads.headWidth,
      scale: 1 / Float(heads.headWidth).squareRoot(), isCausal: false, precision: heads.precision,
      queryStride: 3 * width, keyStride: 3 * width, resultStride: stride)
    (head.queryPreparation, head.keyPreparation) = (query, key)
    let products = 4 * Double(samples * tokens) * Double(tokens * width)
    let work = Profile.Work(
      operations: products, products: products, precision: heads.precision, floats: 4 * samples * tokens * width)
    Profile.measure(.attention, work) {
      projected.withUnsafePointer { projected in
        head.attention(
          query: projected, key: projected + width, value: projected + 2 * width, samples: samples, y: y)
      }
    }
  }
}
