import Foundation
import Safetensors

/// The pieces of a unigram model as files have them, and what is done to a text before it is cut into them.
struct UnigramFiles {
  struct Piece {
    let text: String
    let score: Double
    /// Whether text is cut into it: some ids fill a table up and stand for nothing.
    var isUsed = true
  }

  /// By their ids.
  var pieces: [Piece]
  let unknownID: Int
  let fallsBackToBytes: Bool
  /// Nil where characters stay as they are.
  let characters: CharacterMap?

  /// Throws `ModelError`, naming `source`, for an unknown token outside the pieces, and scores that are no numbers.
  init(pieces: [Piece], unknownID: Int, fallsBackToBytes: Bool, characters: CharacterMap?, source: String) throws {
    guard pieces.indices.contains(unknownID) else {
      throw ModelError("\(source): the unknown token is \(unknownID); an id below \(pieces.count) was expected")
    }
    if let piece = pieces.first(where: { !$0.score.isFinite }) {
      throw ModelError("\(source): the score of '\(piece.text)' is \(piece.score); a number was expected")
    }
    (self.pieces, self.unknownID, self.fallsBackToBytes) = (pieces, unknownID, fallsBackToBytes)
    self.characters = characters
  }
}

extension UnigramFiles {
  /// Reads a SentencePiece model (`spiece.model`), which errors call `source`.
  ///
  /// Fields of sentencepiece_model.proto: pieces 1 (text 1, score 2), trainer 2 (kind of model 3, byte fallback 35, unknown
  /// token 40), normaliser 3 (character map 2). Throws `ModelError` when it is malformed or of another kind.
  init(sentencePiece bytes: some RandomAccessCollection<UInt8>, source: String) throws {
    func malformed() -> ModelError { ModelError("\(source): is no SentencePiece model, or a part of one") }
    var (pieces, kind, unknownID, fallsBack, map) = ([Piece](), 1 as UInt64, 0, false, nil as CharacterMap?)
    let isWhole = try ProtobufMessage(Array(bytes)[...]).forEachField { field in
      switch (field.number, field.value) {
      case (1, .bytes(let bytes)):
        var (text, score) = ("", 0.0)
        let isPiece = ProtobufMessage(bytes).forEachField { field in
          switch (field.number, field.value) {
          case (1, .bytes(let bytes)): text = String(decoding: bytes, as: UTF8.self)
          case (2, .fixed32(let bits)): score = Double(Float(bitPattern: bits))
          default: break
          }
        }
        if !isPiece { throw malformed() }
        pieces.append(Piece(text: text, score: score))
      case (2, .bytes(let bytes)):
        let isTrainer = ProtobufMessage(bytes).forEachField { field in
          switch (field.number, field.value) {
          case (3, .varint(let value)): kind = value
          case (35, .varint(let value)): fallsBack = value != 0
          case (40, .varint(let value)): unknownID = Int(truncatingIfNeeded: value)
          default: break
          }
        }
        if !isTrainer { throw malformed() }
      case (3, .bytes(let bytes)):
        let isNormalizer = try ProtobufMessage(bytes).forEachField { field in
          if case (2, .bytes(let bytes)) = (field.number, field.value), !bytes.isEmpty {
            map = try CharacterMap(bytes, source: source)
          }
        }
        if !isNormalizer { throw malformed() }
      default: break
      }
    }
    guard isWhole, !pieces.isEmpty else { throw malformed() }
    guard kind == 1 else {
      throw ModelError("\(source): is a SentencePiece model of kind \(kind); 1, unigram, was expected")
    }
    try self.init(
      pieces: pieces, unknownID: unknownID, fallsBackToBytes: fallsBack, characters: map, source: source)
  }
}
