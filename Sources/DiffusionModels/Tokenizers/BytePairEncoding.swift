import Foundation
import Safetensors

/// Byte-level byte-pair encoding, as GPT-2's, perhaps with a mark at the end of words, as CLIP's `</w>`.
///
/// A word's UTF-8 bytes are its first symbols; the pair of neighbours that stands first in `merges.txt` is joined, until
/// none is left.
/// Source: Sennrich et al. 2016; the BPE model of huggingface/tokenizers.
struct BytePairEncoding: Sendable {
  /// Empty where words have no mark.
  private let endOfWord: String
  private let vocabulary: [Token: Int]
  private let merges: [Pair: Merge]
  /// The symbol of every byte, and of every byte that ends a word; nil where the vocabulary lacks it.
  private let byteIDs: [Int?]
  private let finalByteIDs: [Int?]

  /// A token that equals another only in every byte; Swift's strings take canonically equivalent ones for one.
  private struct Token: Hashable {
    let text: String

    static func == (a: Token, b: Token) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
  }

  private struct Pair: Hashable { let first, second: Int }
  private struct Merge { let rank, id: Int }

  /// Takes what a tokenizer's files say; `endOfWord` is what stands behind the last symbol of a word.
  ///
  /// Throws `ModelError` when an id is too large, or a merge makes a token that the vocabulary lacks.
  init(_ files: BytePairFiles, endOfWord: String) throws {
    self.endOfWord = endOfWord
    if files.vocabulary.isEmpty { throw ModelError("\(files.vocabularyPath): the vocabulary is empty") }
    if let (token, id) = files.vocabulary.first(where: { $0.id > Int(Int32.max) }) {
      throw ModelError("\(files.vocabularyPath): the id \(id) of '\(token)' is too large")
    }
    let vocabulary = Dictionary(files.vocabulary.map { (Token(text: $0.token), $0.id) }, uniquingKeysWith: { $1 })
    merges = try Self.merges(files, vocabulary)
    self.vocabulary = vocabulary
    byteIDs = Self.alphabet.map { [vocabulary] in vocabulary[Token(text: String($0))] }
    finalByteIDs = Self.alphabet.map { [vocabulary] in vocabulary[Token(text: String($0) + endOfWord)] }
  }

  /// How many tokens the vocabulary has.
  var count: Int { vocabulary.count }

  /// The id of a whole token; nil where the vocabulary lacks it.
  func id(of token: String) -> Int? { vocabulary[Token(text: token)] }

  /// The tokens of one word; `unknown` stands for bytes that the vocabulary lacks, which else are left out.
  func encode(_ word: [UInt8], unknown: Int?) -> [Int] {
    guard let last = word.last else { return [] }
    var symbols = word.dropLast().compactMap { byteIDs[Int($0)] ?? unknown }
    if let id = finalByteIDs[Int(last)] ?? unknown { symbols.append(id) }
    if symbols.isEmpty { return [] }
    merge(&symbols)
    return symbols
  }

  /// The text that tokens stand for, ends of words as spaces.
  func decode(_ ids: some Sequence<Int>) -> String {
    let tokens = Dictionary(vocabulary.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let text = ids.compactMap { tokens[$0]?.text }.joined()
    let words = endOfWord.isEmpty ? text : text.replacing(endOfWord, with: " ")
    let bytes = words.unicodeScalars.map { Self.byteValues[$0] ?? 0x20 }
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
  }

  /// Joins pairs, the lowest rank first and the leftmost among equals, in time n log n.
  private func merge(_ symbols: inout [Int]) {
    // The symbols as a linked list, so that a join moves nothing.
    var next = Array(1..<symbols.count + 1)
    var previous = Array(-1..<symbols.count - 1)
    var alive = [Bool](repeating: true, count: symbols.count)
    var queue = Heap<Candidate>()
    func candidate(at left: Int) -> Candidate? {
      guard left >= 0, next[left] < symbols.count else { return nil }
      return merges[Pair(first: symbols[left], second: symbols[next[left]])].map {
        Candidate(rank: $0.rank, position: left, id: $0.id)
      }
    }
    for left in symbols.indices { candidate(at: left).map { queue.push($0) } }
    while let best = queue.pop() {
      // Joins since may have taken the pair away.
      guard alive[best.position], candidate(at: best.position) == best else { continue }
      let right = next[best.position]
      symbols[best.position] = best.id
      alive[right] = false
      next[best.position] = next[right]
      if next[right] < symbols.count { previous[next[right]] = best.position }
      candidate(at: previous[best.position]).map { queue.push($0) }
      candidate(at: best.position).map { queue.push($0) }
    }
    symbols = symbols.indices.filter { alive[$0] }.map { symbols[$0] }
  }

  private struct Candidate: Comparable {
    let rank, position, id: Int

    static func < (a: Candidate, b: Candidate) -> Bool { (a.rank, a.position) < (b.rank, b.position) }
  }

  private static func merges(_ files: BytePairFiles, _ vocabulary: [Token: Int]) throws -> [Pair: Merge] {
    var merges: [Pair: Merge] = [:]
    merges.reserveCapacity(files.merges.count)
    for (rank, merge) in files.merges.enumerated() {
      func id(_ token: String) throws -> Int {
        if let id = vocabulary[Token(text: token)] { return id }
        throw ModelError("\(files.place(of: merge)): the vocabulary has no '\(token)'")
      }
      let pair = Pair(first: try id(merge.first), second: try id(merge.second))
      merges[pair] = Merge(rank: rank, id: try id(merge.first + merge.second))
    }
    return merges
  }

  // MARK: - Bytes as characters

  /// The printable character that stands for each byte in the files: itself where it is one, else the next of U+0100...
  static let alphabet: [Unicode.Scalar] = {
    var next = UInt32(0x100)
    return (UInt8.min...UInt8.max).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
      default:
        defer { next += 1 }
        return Unicode.Scalar(next) ?? "?"
      }
    }
  }()

  private static let byteValues = Dictionary(uniqueKeysWithValues: zip(alphabet, UInt8.min...UInt8.max))
}

/// A binary heap that gives its least element.
private struct Heap<Element: Comparable> {
  private var elements: [Element] = []

  mutating func push(_ element: Element) {
    elements.append(element)
    var child = elements.count - 1
    while child > 0, elements[child] < elements[(child - 1) / 2] {
      elements.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> Element? {
    guard let least = elements.first else { return nil }
    elements.swapAt(0, elements.count - 1)
    elements.removeLast()
    var parent = 0
    while 2 * parent + 1 < elements.count {
      var child = 2 * parent + 1
      if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
      guard elements[child] < elements[parent] else { break }
      elements.swapAt(child, parent)
      parent = child
    }
    return least
  }
}
