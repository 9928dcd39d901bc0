import Tensors

/// The vectors of a vocabulary, of which a text takes a few: its rows are read from the file as they are needed.
struct TokenEmbedding: Sendable {
  let vocabSize, width: Int
  private let rows: WeightSource  // [vocab, d]

  init(_ rows: WeightSource) { (self.rows, vocabSize, width) = (rows, rows.shape[0], rows.shape[1]) }

  /// Rows of tokens, as many in each -> [n, tokens, d]; a vector [d] may stand for what an id stands for.
  ///
  /// Throws `ModelError` for ids outside the vocabulary and vectors of another width, and what reading the file throws.
  func callAsFunction(_ texts: [[TextToken]]) throws -> Tensor {
    try Tensor(shape: [texts.count, texts.first?.count ?? 0, width]) { tokens in
      for (row, token) in texts.joined().enumerated() {
        try embed(token, to: UnsafeMutableBufferPointer(rebasing: tokens[row * width..<(row + 1) * width]))
      }
    }
  }

  private func embed(_ token: TextToken, to row: UnsafeMutableBufferPointer<Float>) throws {
    switch token {
    case .id(let id):
      guard (0..<vocabSize).contains(id) else {
        throw ModelError("token id \(id) is outside the text encoder's vocabulary of \(vocabSize)")
      }
      try rows.readRows(id..<id + 1, row)
    case .vector(let vector):
      guard vector.shape == [row.count] else {
        throw ModelError("a vector in the place of a token is \(vector.shape); the text encoder takes [\(row.count)]")
      }
      _ = vector.withUnsafeBufferPointer { row.update(fromContentsOf: $0) }
    }
  }
}
