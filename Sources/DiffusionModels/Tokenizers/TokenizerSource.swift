import GGUF

/// Where a text encoder's tokenizer comes from.
package enum TokenizerSource: Sendable {
  /// The model brings none: the family's own, which is part of the program.
  case builtIn
  /// A folder as transformers writes it.
  case folder(String)
  /// A SentencePiece model, which errors call `source`.
  case sentencePiece([UInt8], source: String)
  /// The metadata of a GGUF file.
  case gguf(GGUFVocabulary)
}

extension CLIPTokenizer {
  init(_ source: TokenizerSource, for config: CLIPTextConfig) throws {
    switch source {
    case .folder(let path): try self.init(folder: path)
    // SD 2 and SDXL's second encoder, which have another activation, were trained with another padding.
    case .builtIn, .sentencePiece, .gguf: self = try .clip(padsWithEnd: config.activation == .quickGELU)
    }
  }
}

extension T5Tokenizer {
  package init(_ source: TokenizerSource) throws {
    switch source {
    case .folder(let path): try self.init(folder: path)
    case .sentencePiece(let bytes, let source): try self.init(sentencePiece: bytes, source: source)
    case .gguf(let vocabulary):
      let (model, files) = try vocabulary.unigram()
      self.init(model, files)
    case .builtIn: self = try .t5()
    }
  }
}

extension Qwen2Tokenizer {
  package init(_ source: TokenizerSource) throws {
    switch source {
    case .folder(let path): try self.init(folder: path)
    case .gguf(let vocabulary):
      let (pairs, files) = try vocabulary.bytePairs()
      self.init(try BytePairEncoding(pairs, endOfWord: ""), files)
    case .builtIn, .sentencePiece: self = try .qwen3()
    }
  }
}

extension TextEncoderConfig {
  /// Paths of the files of the tokenizer in `folder`; that of the vocabulary whether it exists or not.
  func tokenizerFiles(of folder: String) -> [String] {
    switch self {
    case .clip: CLIPTokenizer.files(of: folder)
    case .t5: T5Tokenizer.files(of: folder)
    // The same files, as the vocabulary is of the same kind.
    case .qwen3: CLIPTokenizer.files(of: folder)
    }
  }
}
