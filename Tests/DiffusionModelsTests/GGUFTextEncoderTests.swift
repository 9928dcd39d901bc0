import DiffusionModels
import Foundation
import GGUF
import Testing

/// Text encoders and tokenizers from GGUF files, in llama.cpp's names: the bits of other layouts.
@Suite("Text encoders in GGUF files")
struct GGUFTextEncoderTests {
  private static let folder = "\(Fixture.folder)/text-encoders"
  private static let ids = (0..<40).map { $0 * 7 % 48 }
  private static let texts = [
    "", "a photo of  a cat", "toto \u{FB01}sh e\u{301} \n日本 <unk> <extra_id_0>", "it's a photo\n\n <|im_end|>x",
  ]

  @Test func t5IsTheFolders() throws {
    let (file, folder) = (try Model(path: "\(Self.folder)/t5-tiny.gguf"), try Model(path: "\(Self.folder)/t5-tiny"))
    #expect(file.textConfigs == folder.textConfigs)
    let states = try [file, folder].map { model in
      guard case .t5(let config)? = model.textConfigs.first else { throw ModelError("no T5") }
      return try model.source.textWeights(0).load { try T5EncoderModel($0, config) }([Self.ids])
    }
    #expect(states[0] == states[1])
  }

  @Test func qwen3IsTheFolders() throws {
    let (file, folder) = (
      try Model(path: "\(Self.folder)/qwen3-tiny.gguf"), try Model(path: "\(Self.folder)/qwen3-tiny")
    )
    #expect(file.textConfigs == folder.textConfigs)
    let states = try [file, folder].map { model in
      guard case .qwen3(let config)? = model.textConfigs.first else { throw ModelError("no Qwen3") }
      return try model.source.textWeights(0).load { try Qwen3Model($0, config, layerCount: 4) }(
        Self.ids, seen: 30, depths: [2, 4])
    }
    #expect(states[0] == states[1])
  }

  private func vocabulary(_ name: String) throws -> TokenizerSource {
    .gguf(try #require(GGUFVocabulary(GGUFReader(path: "\(Fixture.folder)/fuzz/gguf/\(name)-vocabulary.gguf"))))
  }

  /// In GGUF, as a SentencePiece model and as a `tokenizer.json`, but for the 100 tokens that only a model's name adds.
  @Test func t5sVocabularyIsOneInAllFiles() throws {
    let bytes = try Data(contentsOf: URL(filePath: "\(Fixture.folder)/fuzz/vocabulary/mapped.model"))
    let piece = try T5Tokenizer(.sentencePiece(Array(bytes), source: "mapped.model"))
    let gguf = try T5Tokenizer(vocabulary("t5"))
    #expect(gguf.endID == piece.endID && gguf.paddingID == piece.paddingID)
    let whole = try withFolder(of: "unigram.json") { try T5Tokenizer(.folder($0)) }
    #expect(gguf.contentIDs("a photo") == [5, 3, 6, 7, 8])
    // "ﬁ" becomes "fi", and "e" with a mark "é".
    #expect(gguf.contentIDs("\u{FB01} e\u{301}") == [3, 2, 3, 10])
    for text in Self.texts {
      #expect(gguf.contentIDs(text) == whole.contentIDs(text), "\(text)")
      if !text.contains("extra") { #expect(gguf.contentIDs(text) == piece.contentIDs(text), "\(text)") }
    }
  }

  @Test func qwensVocabularyIsOneInAllFiles() throws {
    let gguf = try Qwen2Tokenizer(vocabulary("qwen"))
    let whole = try withFolder(of: "pairs.json") { try Qwen2Tokenizer(.folder($0)) }
    #expect(gguf.contentIDs("pho a\n\n<|im_end|>'s") == [257, 258, 260, 263, 261])
    for text in Self.texts { #expect(gguf.contentIDs(text) == whole.contentIDs(text), "\(text)") }
    #expect(throws: ModelError.self) { try T5Tokenizer(vocabulary("qwen")) }
    #expect(throws: ModelError.self) { try Qwen2Tokenizer(vocabulary("t5")) }
  }

  private func withFolder<Result>(of name: String, _ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "stepgraph-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: path) }
    try FileManager.default.copyItem(
      at: URL(filePath: "\(Fixture.folder)/fuzz/vocabulary/\(name)"), to: path.appending(path: "tokenizer.json"))
    return try body(path.path)
  }
}
