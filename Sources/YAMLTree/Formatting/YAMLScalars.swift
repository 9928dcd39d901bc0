import Diagnostics

/// A file's text by the indices that libyaml's marks become.
struct YAMLScalars {
  let string: String
  private let scalars: [Unicode.Scalar]
  /// Index of each line's first scalar.
  private let lineStarts: [Int]

  init(_ string: String) {
    self.string = string
    scalars = Array(string.unicodeScalars)
    var starts = [0]
    for (index, scalar) in scalars.enumerated() where Self.isBreak(scalar) {
      if scalar == "\n", index > 0, scalars[index - 1] == "\r" {
        starts[starts.count - 1] = index + 1
      } else {
        starts.append(index + 1)
      }
    }
    lineStarts = starts
  }

  var count: Int { scalars.count }

  subscript(index: Int) -> Unicode.Scalar { index < scalars.count ? scalars[index] : "\n" }

  func string(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }

  /// What libyaml takes for the end of a line.
  static func isBreak(_ scalar: Unicode.Scalar) -> Bool { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains(scalar) }

  static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

  // MARK: Lines

  var lineCount: Int { lineStarts.count }

  func line(_ index: Int) -> Int {
    var (low, high) = (0, lineStarts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= index { low = middle } else { high = middle }
    }
    return low
  }

  /// In scalars, from 0 on.
  func column(_ index: Int) -> Int { index - lineStarts[line(index)] }

  /// In characters, from 0 on: where it is seen.
  func shownColumn(_ index: Int) -> Int { string(lineStarts[line(index)]..<index).count }

  /// How many blanks stand before a place.
  func blanks(before index: Int) -> Int { scalars[..<index].reversed().prefix { $0 == " " }.count }

  /// The scalars of a line, without its end.
  func range(ofLine line: Int) -> Range<Int> {
    let start = lineStarts[line]
    var end = line + 1 < lineStarts.count ? lineStarts[line + 1] : scalars.count
    while end > start, Self.isBreak(scalars[end - 1]) { end -= 1 }
    return start..<end
  }

  func isBlank(line: Int) -> Bool { scalars[range(ofLine: line)].allSatisfy(Self.isBlank) }

  // MARK: What stands where

  /// The first place from `index` on that is neither blank, nor a line's end, nor in a comment.
  func next(after index: Int) -> Int {
    var index = index
    while index < scalars.count {
      let scalar = scalars[index]
      if scalar == "#" {
        index = range(ofLine: line(index)).upperBound
      } else if Self.isBlank(scalar) || Self.isBreak(scalar) {
        index += 1
      } else {
        break
      }
    }
    return index
  }

  /// Where an anchor or tag ends.
  func endOfWord(at index: Int) -> Int {
    let isAnchor = self[index] == "&"
    return scalars[(index + 1)...].firstIndex { scalar in
      isAnchor
        ? !(scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains(scalar)))
        : Self.isBlank(scalar) || Self.isBreak(scalar) || ",[]{}".unicodeScalars.contains(scalar)
    } ?? scalars.count
  }

  /// Where anchor and tag end that begin at `index`.
  func endOfWords(at index: Int, _ words: String) -> Int {
    words.split(separator: " ").reduce(index) { index, _ in endOfWord(at: next(after: index)) }
  }

  /// The comments that stand between spans.
  func comments(outside spans: [Range<Int>]) -> [YAMLComment] {
    var comments: [YAMLComment] = []
    var index = 0
    for span in spans + [scalars.count..<scalars.count] {
      while index < span.lowerBound {
        if scalars[index] == "#" {
          let line = line(index)
          let end = range(ofLine: line).upperBound
          comments.append(
            YAMLComment(
              start: index, line: line, text: string(index..<end).trimmingBlanksAtEnd,
              isAlone: scalars[lineStarts[line]..<index].allSatisfy(Self.isBlank)))
          index = end
        } else {
          index += 1
        }
      }
      index = max(index, span.upperBound)
    }
    return comments
  }

  /// The text whose header stands at `start`, and where it ends.
  ///
  /// - Parameter parent: the column of what it belongs to, -1 for the root.
  func blockText(at start: Int, parent: Int) -> (YAMLBlockText, end: Int) {
    let first = line(start)
    let indicators = scalars[start...].prefix { "|>+-123456789".unicodeScalars.contains($0) }
    let header = String(String.UnicodeScalarView(indicators))
    let digit = header.unicodeScalars.lazy.compactMap { Character($0).wholeNumberValue }.first
    func indentation(_ line: Int) -> Int { scalars[range(ofLine: line)].prefix { $0 == " " }.count }
    let least = max(parent + 1, 1)
    let filled = (first + 1..<max(first + 1, lineCount)).first { indentation($0) < range(ofLine: $0).count }
    let indent = digit.map { max(parent, 0) + $0 } ?? max(filled.map(indentation) ?? least, least)
    var lines: [String] = []
    for line in first + 1..<max(first + 1, lineCount) {
      let range = range(ofLine: line)
      let isEmpty = indentation(line) == range.count && range.count <= indent
      // The place after the last line's end is no line.
      if isEmpty, line == lineCount - 1, range.isEmpty { break }
      guard isEmpty || indentation(line) >= indent else { break }
      lines.append(isEmpty ? "" : string(range.lowerBound + indent..<range.upperBound))
    }
    if !header.contains("+") {
      while lines.last == "" { lines.removeLast() }
    }
    let last = first + lines.count
    let end = lines.isEmpty ? start + indicators.count : range(ofLine: last).upperBound
    return (YAMLBlockText(header: header, indentation: digit, lines: lines, lastLine: last), end)
  }
}

extension String {
  var trimmingBlanksAtEnd: String {
    var scalars = unicodeScalars
    while let last = scalars.last, YAMLScalars.isBlank(last) { scalars.removeLast() }
    return String(scalars)
  }

  var trimmingBlanksAtStart: String {
    String(String.UnicodeScalarView(unicodeScalars.drop(while: YAMLScalars.isBlank)))
  }
}
