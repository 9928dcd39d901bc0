import Foundation
import Safetensors

/// A `tokenizer.json`, as tokenizers and today's transformers write it: vocabulary, merges and added tokens in one file.
///
/// What it says of normalising and cutting is passed over: the class that a model names decides that, as in transformers.
struct TokenizerJSON {
  let encoding: BytePairFiles
  let addedTokens: [AddedToken]

  /// Reads the file at `path`.
  ///
  /// Throws `ModelError` when it is missing, malformed, or of another model than byte-pair encoding.
  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else { throw ModelError("\(path): cannot be read") }
    var (vocabulary, merges, added) = ([(token: String, id: Int)](), [BytePairFiles.Merge](), [AddedToken]())
    do {
      try data.withUnsafeBytes { bytes in
        var scanner = JSONScanner(bytes)
        try scanner.object { scanner, key in
          switch key {
          case "model":
            try scanner.object { scanner, key in
              switch key {
              case "type": try Self.requireBPE(&scanner)
              case "vocab": vocabulary = try BytePairFiles.vocabulary(&scanner)
              case "merges": merges = try Self.merges(&scanner)
              default: try scanner.skipValue()
              }
            }
          case "added_tokens": added = try Self.addedTokens(&scanner, path)
          default: try scanner.skipValue()
          }
        }
        try scanner.end()
      }
    } catch let failure as JSONScanner.Failure {
      throw ModelError("\(path): malformed tokenizer: \(failure.message)")
    }
    encoding = BytePairFiles(vocabulary: vocabulary, merges: merges, path: path)
    addedTokens = added
  }

  private static func requireBPE(_ scanner: inout JSONScanner) throws {
    let type = try scanner.string()
    if type != "BPE" { throw scanner.failure("the model is '\(type)'; 'BPE', byte-pair encoding, was expected") }
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
