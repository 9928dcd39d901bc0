/// A unigram language model of pieces: a word is cut where the sum of its pieces' scores is largest.
///
/// Characters that no piece covers are unknown, ten below the worst piece; unknown ones in a row are one token, or tokens of
/// their bytes where the vocabulary has them.
/// Source: Kudo 2018; the Unigram model of huggingface/tokenizers, whose ties this keeps.
struct UnigramModel: Sendable {
  private let ids: ByteTrie
  private let scores: [Double]
  private let unknownScore: Double
  private let unknownID: Int
  /// The tokens of the 256 bytes; nil where unknown characters are one token.
  private let byteIDs: [Int]?

  /// How many pieces there are.
  var count: Int { scores.count }

  private static let unknownPenalty = 10.0

  /// Takes what a tokenizer's files say.
  init(_ files: UnigramFiles) {
    var (ids, bytes) = (ByteTrie(), [Int?](repeating: nil, count: 256))
    for (id, piece) in files.pieces.enumerated() {
      if piece.isUsed { ids.insert(piece.text.utf8, value: id) }
      if let byte = Self.byte(of: piece.text) { bytes[byte] = id }
    }
    (self.ids, scores, unknownID) = (ids, files.pieces.map(\.score), files.unknownID)
    unknownScore = (files.pieces.filter(\.isUsed).map(\.score).min() ?? 0) - Self.unknownPenalty
    let all = bytes.compactMap { $0 }
    byteIDs = files.fallsBackToBytes && all.count == 256 ? all : nil
  }

  /// The value of a piece such as `<0x0A>`.
  private static func byte(of piece: String) -> Int? {
    guard piece.hasPrefix("<0x"), piece.hasSuffix(">"), piece.utf8.count == 6 else { return nil }
    return Int(piece.dropFirst(3).dropLast(), radix: 16)
  }

  /// The best way to a place in a word.
  private struct Way {
    var id = 0
    var score = 0.0
    var start: Int?

    mutating func offer(id: Int, score: Double, start: Int) {
      if self.start == nil || score > self.score { self = Way(id: id, score: score, start: start) }
    }
  }

  /// The tokens of a word in UTF-8.
  func encode(_ word: [UInt8]) -> [Int] {
    var ways = [Way](repeating: Way(), count: word.count + 1)
    var start = 0
    while start < word.count {
      let width = Self.characterWidth(word[start])
      let score = ways[start].score
      var isCovered = false
      ids.forEachBeginning(of: word, from: start) { length, id in
        ways[start + length].offer(id: id, score: score + scores[id], start: start)
        if length == width { isCovered = true }
      }
      if !isCovered { ways[start + width].offer(id: unknownID, score: score + unknownScore, start: start) }
      start += width
    }
    var (tokens, end) = ([(id: Int, bytes: Range<Int>)](), word.count)
    while end > 0, let start = ways[end].start {
      let id = ways[end].id
      if id == unknownID, let last = tokens.last, last.id == unknownID {
        tokens[tokens.count - 1].bytes = start..<last.bytes.upperBound
      } else {
        tokens.append((id, start..<end))
      }
      end = start
    }
    return tokens.reversed().flatMap { token in
      token.id == unknownID ? byteIDs.map { ids in word[token.bytes].map { ids[Int($0)] } } ?? [unknownID] : [token.id]
    }
  }

  private static func characterWidth(_ first: UInt8) -> Int {
    first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
  }
}
