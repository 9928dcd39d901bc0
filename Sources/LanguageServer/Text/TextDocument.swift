import Diagnostics

/// A text that an editor has open, changed edit by edit.
///
/// It is kept as UTF-8 with the places where lines start; columns of edits are UTF-16, as the protocol counts.
package struct TextDocument {
  private var bytes: [UInt8]
  /// The first byte of each line.
  private var lineStarts: [Int]

  package init(_ text: String) {
    bytes = Array(text.utf8)
    lineStarts = [0]
    lineStarts.append(contentsOf: Self.lineStarts(in: bytes, from: 0))
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package var lineCount: Int { lineStarts.count }

  /// Puts `text` in place of a range.
  ///
  /// Places behind a line's end mean its end, and lines behind the last the end of the text; one inside of a character is its
  /// start.
  package mutating func replace(_ range: TextRange, with text: String) {
    let start = offset(of: range.start)
    let end = max(start, offset(of: range.end))
    bytes.replaceSubrange(start..<end, with: text.utf8)
    // A line end before the change may have become one with what follows.
    let firstLine = max(0, line(of: start) - 1)
    let from = lineStarts[firstLine]
    let added = text.utf8.count - (end - start)
    // Lines that start well behind the change are where they were.
    let behind = start + text.utf8.count + 2
    let untouched = lineStarts.partitioningIndex { $0 + added > behind }
    let kept = lineStarts[untouched...].map { $0 + added }
    let until = kept.first ?? bytes.count
    lineStarts.removeSubrange((firstLine + 1)...)
    lineStarts.append(contentsOf: Self.lineStarts(in: bytes, from: from).prefix { $0 < until || kept.isEmpty })
    lineStarts.append(contentsOf: kept)
  }

  /// The byte at a place.
  private func offset(of position: Position) -> Int {
    guard position.line >= 0 else { return 0 }
    guard position.line < lineStarts.count else { return bytes.count }
    var offset = lineStarts[position.line]
    var units = 0
    while offset < bytes.count, units < position.character {
      let byte = bytes[offset]
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
      let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      units += length == 4 ? 2 : 1
      guard units <= position.character else { break }
      offset += length
    }
    return min(offset, bytes.count)
  }

  /// The line that a byte is in.
  private func line(of offset: Int) -> Int { lineStarts.partitioningIndex { $0 > offset } - 1 }

  /// Where lines start behind a place, which is a line's start itself.
  private static func lineStarts(in bytes: [UInt8], from start: Int) -> LineStarts {
    LineStarts(bytes: bytes, index: start)
  }
}

/// Lines end with LF, CR LF or CR.
private struct LineStarts: Sequence, IteratorProtocol {
  let bytes: [UInt8]
  var index: Int

  mutating func next() -> Int? {
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "\n") { return index }
      if byte == UInt8(ascii: "\r") {
        if index < bytes.count, bytes[index] == UInt8(ascii: "\n") { index += 1 }
        return index
      }
    }
    return nil
  }
}

extension Array {
  /// The first index whose element fulfils what all behind it fulfil too.
  fileprivate func partitioningIndex(_ belongsBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongsBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
