import CTokenizers

extension T5Tokenizer {
  /// T5's own tokenizer, for files of models that bring none.
  package static func t5() throws -> T5Tokenizer { try builtIn.get() }

  private static let builtIn = Result {
    var size = 0
    let model = ct_t5_model(&size)
    return try T5Tokenizer(sentencePiece: UnsafeBufferPointer(start: model, count: size), source: "t5.model")
  }
}
