import Foundation
import Safetensors

/// The vocabulary of a byte-pair encoding as files have it, and the pairs that it joins, the first ones first.
struct BytePairFiles {
  struct Merge {
    let first, second: String
    /// Its line in `merges.txt`, or which one of `tokenizer.json` it is; from 1.
    let number: Int
  }

  let vocabulary: [(token: String, id: Int)]
  let merges: [Merge]
  /// The files that errors name.
  let vocabularyPath: String
  private let mergesPath: String
  private let isLines: Bool

  /// Where a merge is written, for messages.
  func place(of merge: Merge) -> String { "\(mergesPath):\(isLines ? "" : " merge ")\(merge.number)" }

  /// Reads `vocab.json` and `merges.txt`.
  ///
  /// Throws `ModelError` when one is missing or malformed.
  init(vocabularyPath: String, mergesPath: String) throws {
    (self.vocabularyPath, self.mergesPath, isLines) = (vocabularyPath, mergesPath, true)
    let vocabularyData = try contents(vocabularyPath)
    do {
      vocabulary = try vocabularyData.withUnsafeBytes { bytes in
        var scanner = JSONScanner(bytes)
        let vocabulary = try Self.vocabulary(&scanner)
        try scanner.end()
        return vocabulary
      }
    } catch let failure as JSONScanner.Failure {
      throw ModelError(
        "\(vocabularyPath): malformed vocabulary, an object of tokens and ids was expected: \(failure.message)")
    }
    merges = try contents(mergesPath).withUnsafeBytes { try Self.lines(of: $0, mergesPath) }
  }

  /// What `tokenizer.json` says under `model`.
  init(vocabulary: [(token: String, id: Int)], merges: [Merge], path: String) {
    (self.vocabulary, self.merges) = (vocabulary, merges)
    (vocabularyPath, mergesPath, isLines) = (path, path, false)
  }

  /// Reads the bytes of a `merges.txt`, which errors call `path`, and makes the vocabulary that follows from it: all bytes, all
  /// bytes that end a word where that has a mark, what the merges make, and `specials`.
  init(merges bytes: UnsafeRawBufferPointer, path: String, endOfWord: String, specials: [String] = []) throws {
    (vocabularyPath, mergesPath, isLines) = (path, path, true)
    merges = try Self.lines(of: bytes, path)
    // Characters that stand for themselves come first.
    let alphabet = BytePairEncoding.alphabet.sorted {
      ($0.value < 0x100 ? 0 : 1, $0.value) < ($1.value < 0x100 ? 0 : 1, $1.value)
    }
    let symbols = alphabet.map { String($0) }
    let finals = endOfWord.isEmpty ? [] : symbols.map { $0 + endOfWord }
    let tokens = symbols + finals + merges.map { $0.first + $0.second } + specials
    vocabulary = tokens.enumerated().map { (token: $1, id: $0) }
  }

  /// Reads an object of tokens and ids.
  static func vocabulary(_ scanner: inout JSONScanner) throws -> [(token: String, id: Int)] {
    var vocabulary: [(token: String, id: Int)] = []
    try scanner.object { scanner, token in vocabulary.append((token, try scanner.count())) }
    return vocabulary
  }

  private static func lines(of data: UnsafeRawBufferPointer, _ path: String) throws -> [Merge] {
    var merges: [Merge] = []
    let lines = Array(data).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if line.isEmpty || line.starts(with: "#version".utf8) { continue }
      let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ModelError("\(path):\(index + 1): two symbols with a space between them were expected")
      }
      let symbols = parts.map { String(decoding: $0, as: UTF8.self) }
      merges.append(Merge(first: symbols[0], second: symbols[1], number: index + 1))
    }
    return merges
  }
}

private func contents(_ path: String) throws -> Data {
  guard let data = FileManager.default.contents(atPath: path) else { throw ModelError("\(path): cannot be read") }
  return data
}
