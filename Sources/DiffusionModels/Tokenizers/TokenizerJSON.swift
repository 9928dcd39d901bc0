import Foundation
import Safetensors

/// A `tokenizer.json`, as tokenizers and today's transformers write it: vocabulary, merges or scores, and added tokens in one
/// file.
///
/// What it says of normalising and cutting is passed over, but for a table of characters: the class that a model names
/// decides that, as in transformers.
struct TokenizerJSON {
  let addedTokens: [AddedToken]
  private let path: String
  private let type: String?
  private let vocabulary: [(token: String, id: Int)]
  private let merges: [BytePairFiles.Merge]
  private let pieces: [UnigramFiles.Piece]
  private let unknownID: Int?
  private let fallsBackToBytes: Bool
  /// In base 64.
  private let characters: String?

  /// Reads the file at `path`.
  ///
  /// Throws `ModelError` when it is missing or malformed.
  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else { throw ModelError("\(path): cannot be read") }
    var (vocabulary, pieces) = ([(token: String, id: Int)](), [UnigramFiles.Piece]())
    var (merges, added) = ([BytePairFiles.Merge](), [AddedToken]())
    var (type, characters, unknownID, fallsBack) = (nil as String?, nil as String?, nil as Int?, false)
    do {
      try data.withUnsafeBytes { bytes in
        var scanner = JSONScanner(bytes)
        try scanner.object { scanner, key in
          switch key {
          case "model":
            try scanner.object { scanner, key in
              switch key {
              case "type": type = try scanner.string()
              case "vocab" where scanner.isAtArray: pieces = try Self.pieces(&scanner)
              case "vocab": vocabulary = try BytePairFiles.vocabulary(&scanner)
              case "merges": merges = try Self.merges(&scanner)
              case "unk_id": if !scanner.takeNull() { unknownID = try scanner.count() }
              case "byte_fallback": fallsBack = scanner.takeFlag() ?? false
              default: try scanner.skipValue()
              }
            }
          case "normalizer": try Self.findCharacters(&scanner, depth: 0) { characters = $0 }
          case "added_tokens": added = try Self.addedTokens(&scanner, path)
          default: try scanner.skipValue()
          }
        }
        try scanner.end()
      }
    } catch let failure as JSONScanner.Failure {
      throw ModelError("\(path): malformed tokenizer: \(failure.message)")
    }
    (self.path, self.type, self.vocabulary, self.pieces, self.merges) = (path, type, vocabulary, pieces, merges)
    (self.unknownID, fallsBackToBytes, self.characters, addedTokens) = (unknownID, fallsBack, characters, added)
  }

  /// The vocabulary of byte-pair encoding; throws `ModelError` where the file is of another model.
  func bytePairs() throws -> BytePairFiles {
    try require("BPE", "byte-pair encoding")
    return BytePairFiles(vocabulary: vocabulary, merges: merges, path: path)
  }

  /// The pieces of a unigram model; throws `ModelError` where the file is of another model.
  func unigram() throws -> UnigramFiles {
    try require("Unigram", "pieces with scores")
    var map: CharacterMap?
    if let characters {
      guard let bytes = Data(base64Encoded: characters) else {
        throw ModelError("\(path): 'precompiled_charsmap' is not in base 64")
      }
      map = try CharacterMap(bytes, source: path)
    }
    guard let unknownID else { throw ModelError("\(path): 'unk_id' is missing; the id of a piece was expected") }
    return try UnigramFiles(
      pieces: pieces, unknownID: unknownID, fallsBackToBytes: fallsBackToBytes, characters: map, source: path)
  }

  /// A file without a type is of the model that is asked for.
  private func require(_ expected: String, _ meaning: String) throws {
    if let type, type != expected {
      throw ModelError("\(path): malformed tokenizer: the model is '\(type)'; '\(expected)', \(meaning), was expected")
    }
  }

  /// Normalisers are nested in sequences; the last table counts.
  private static func findCharacters(
    _ scanner: inout JSONScanner, depth: Int, _ found: (String) -> Void
  ) throws {
    if scanner.takeNull() { return }
    if depth > 8 { return try scanner.skipValue() }
    try scanner.object { scanner, key in
      switch key {
      case "precompiled_charsmap" where scanner.isAtString: found(try scanner.string())
      case "normalizers": try scanner.array { try findCharacters(&$0, depth: depth + 1, found) }
      default: try scanner.skipValue()
      }
    }
  }

  /// Lists of a piece and its score.
  private static func pieces(_ scanner: inout JSONScanner) throws -> [UnigramFiles.Piece] {
    var pieces: [UnigramFiles.Piece] = []
    try scanner.array { scanner in
      var (text, score) = (nil as String?, nil as Double?)
      try scanner.array { scanner in
        if text == nil {
          text = try scanner.string("a piece")
        } else if score == nil {
          score = try scanner.number()
        } else {
          throw scanner.failure("piece \(pieces.count + 1): a text and a score were expected")
        }
      }
      guard let text, let score else {
        throw scanner.failure("piece \(pieces.count + 1): a text and a score were expected")
      }
      pieces.append(.init(text: text, score: score))
    }
    return pieces
  }

  /// Pairs are written as lists of two, or as texts with a space between the two.
  private static func merges(_ scanner: inout JSONScanner) throws -> [BytePairFiles.Merge] {
    var merges: [BytePairFiles.Merge] = []
    try scanner.array { scanner in
      var symbols: [String] = []
      if scanner.isAtString {
        symbols = try scanner.string().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      } else {
        try scanner.array { symbols.append(try $0.string()) }
      }
      guard symbols.count == 2, !symbols[0].isEmpty else {
        throw scanner.failure("merge \(merges.count + 1): two symbols were expected")
      }
      merges.append(.init(first: symbols[0], second: symbols[1], number: merges.count + 1))
    }
    return merges
  }

  private static func addedTokens(_ scanner: inout JSONScanner, _ path: String) throws -> [AddedToken] {
    var tokens: [AddedToken] = []
    if scanner.takeNull() { return tokens }
    try scanner.array { scanner in
      var (fields, id): ([String: JSONValue], Int?) = ([:], nil)
      try scanner.object { scanner, key in
        switch key {
        case "id": id = try scanner.count()
        case "content": fields[key] = .string(try scanner.string())
        default:
          if let flag = scanner.takeFlag() { fields[key] = .bool(flag) } else { try scanner.skipValue() }
        }
      }
      guard let id, id <= Int(Int32.max) else { throw scanner.failure("an added token without an id that can be one") }
      let token = try AddedToken(.object(fields), id: id, isSpecial: false, key: "added_tokens", path: path)
      if let token { tokens.append(token) }
    }
    return tokens
  }
}
