/// A file's text as libyaml can read it: JSON writes a character beyond U+FFFF as a pair of escapes, `\ud83d\ude00`, for
/// which YAML has one, `\U0001f600`.
///
/// In other texts than those in double quotes both are letters like others, and stay.
struct YAMLSource {
  private(set) var text: String
  /// Where in `text` the escapes end that stand for pairs, in ascending order.
  private var ends: [Int] = []

  /// A pair is longer than what takes its place, by so many scalars.
  private static let difference = 2
  /// How often to begin anew for texts that do not follow each other as in JSON.
  private static let attempts = 100

  init(_ text: String) {
    self.text = text
    let scalars = Array(text.unicodeScalars)
    guard scalars.indices.contains(where: { pair(at: $0, in: scalars) != nil }) else { return }
    var replaced: Set<Int> = []
    for _ in 0..<Self.attempts {
      guard let start = refusedText(), scalars.indices.contains(start), scalars[start] == "\"" else { return }
      let before = replaced.count
      collectPairs(from: start, in: scalars, into: &replaced)
      if replaced.count == before { return }
      replace(replaced, in: scalars)
    }
  }

  /// The index in the file of an index in `text`.
  func place(_ index: Int) -> Int {
    var (low, high) = (0, ends.count)
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] <= index { low = middle + 1 } else { high = middle }
    }
    return index + Self.difference * low
  }

  /// Where in the file a quoted text begins of which libyaml refuses an escape; nil when it refuses none.
  private func refusedText() -> Int? {
    do {
      let reader = try YAMLEventReader(self)
      while true {
        if case .streamEnd = try reader.next().kind { return nil }
      }
    } catch {
      return error.problem == "found invalid Unicode character escape code" ? error.context?.index : nil
    }
  }

  private mutating func replace(_ pairs: Set<Int>, in scalars: [Unicode.Scalar]) {
    var result = String.UnicodeScalarView()
    (ends, text) = ([], "")
    var (index, count) = (0, 0)
    while index < scalars.count {
      if pairs.contains(index), let scalar = pair(at: index, in: scalars) {
        let digits = String(scalar.value, radix: 16)
        let escape = "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        result.append(contentsOf: escape.unicodeScalars)
        (index, count) = (index + 12, count + escape.unicodeScalars.count)
        ends.append(count)
      } else {
        result.append(scalars[index])
        (index, count) = (index + 1, count + 1)
      }
    }
    text = String(result)
  }
}

private let numerals = "+-.0123456789".unicodeScalars

/// Collects the pairs of the text in double quotes at `start`, and of those that follow it as in JSON: with nothing in
/// between but brackets, commas, colons, and words or numbers before these.
private func collectPairs(from start: Int, in scalars: [Unicode.Scalar], into pairs: inout Set<Int>) {
  var index = start
  while index < scalars.count, scalars[index] == "\"" {
    index += 1
    while index < scalars.count, scalars[index] != "\"" {
      if pair(at: index, in: scalars) != nil {
        pairs.insert(index)
        index += 12
      } else {
        index += scalars[index] == "\\" ? 2 : 1
      }
    }
    index += 1
    while index < scalars.count, scalars[index] != "\"" {
      if "{}[],: \t\r\n".unicodeScalars.contains(scalars[index]) {
        index += 1
        continue
      }
      let word = scalars[index...].prefix { $0.isASCII && ($0.properties.isAlphabetic || numerals.contains($0)) }
      let next = scalars[word.endIndex...].first { !" \t\r\n".unicodeScalars.contains($0) }
      guard !word.isEmpty, let next, ",]}".unicodeScalars.contains(next) else { return }
      index = word.endIndex
    }
  }
}

/// The character that a pair of escapes at `index` stands for; nil where there is none.
private func pair(at index: Int, in scalars: [Unicode.Scalar]) -> Unicode.Scalar? {
  guard index + 12 <= scalars.count, let high = escape(at: index, in: scalars), 0xD800..<0xDC00 ~= high,
    let low = escape(at: index + 6, in: scalars), 0xDC00..<0xE000 ~= low
  else { return nil }
  return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
}

private func escape(at index: Int, in scalars: [Unicode.Scalar]) -> UInt32? {
  guard scalars[index] == "\\", scalars[index + 1] == "u" else { return nil }
  return scalars[index + 2..<index + 6].reduce(UInt32?(0)) { value, scalar in
    guard let value, scalar.isASCII, let digit = Character(scalar).hexDigitValue else { return nil }
    return value << 4 | UInt32(digit)
  }
}
