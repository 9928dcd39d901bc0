import Diagnostics

/// Writes a file's nodes anew, line by line, with blanks and line breaks in one style; see `SourceFile.formattedYAML`.
struct YAMLFormatter {
  /// What stands in columns in the mapping at a path of keys, which has these keys.
  typealias Alignment = (_ path: [String], _ keys: [String]) -> YAMLAlignment

  private let layout: YAMLFileLayout
  private let alignment: Alignment
  private var lines: [FormattedLine] = []
  private var line = FormattedLine()
  private var nextComment = 0
  /// The line of the file that was written last.
  private var lastLine = -1
  /// Dashes of lists whose first item goes on in the same line.
  private var dashes = ""
  private var numbers = 0
  /// Whether the file ends within a text in a block, which has no line end then.
  private var endsOpen = false
  /// Lines up to the end of the last text in a block, whose empty lines may be part of it.
  private var keptLines = 0
  /// The indentation of the line in braces, brackets or a text that is being written.
  private var flowIndent = 0

  private var text: YAMLScalars { layout.text }

  init(_ layout: YAMLFileLayout, alignment: @escaping Alignment) {
    self.layout = layout
    self.alignment = alignment
  }

  /// Throws the place of a key that stands on several lines.
  mutating func format() throws(YAMLFormatError) -> String {
    if !layout.prologue.isEmpty {
      for line in text.line(0)...text.line(layout.prologue.upperBound - 1) where !text.isBlank(line: line) {
        let end = min(text.range(ofLine: line).upperBound, layout.prologue.upperBound)
        writeLine(text.string(text.range(ofLine: line).lowerBound..<end).trimmingBlanksAtEnd, indent: 0)
        lastLine = line
      }
    }
    if layout.root.properties.isEmpty, layout.root.isBlockCollection {
      try writeBlock(layout.root, indent: 0, path: [])
    } else if !layout.root.isNothing {
      flush(before: layout.root.start, indent: 0)
      line = FormattedLine()
      try writeValue(layout.root, indent: layout.root.isBlockCollection ? -2 : 0, path: [], after: layout.root.start)
    }
    if let marker = layout.endMarker {
      flush(before: marker.lowerBound, indent: 0)
      writeLine("...", indent: 0)
      lastLine = text.line(marker.lowerBound)
    }
    flush(before: text.count, indent: 0)
    while lines.count > keptLines, lines.last?.text.isEmpty == true { lines.removeLast() }
    lines.align()
    let text = lines.text
    return endsOpen ? String(text.dropLast()) : text
  }

  // MARK: Blocks

  private mutating func writeBlock(_ node: YAMLLayout, indent: Int, path: [String]) throws(YAMLFormatError) {
    switch node.content {
    case .mapping(let pairs): try write(pairs, indent: indent, path: path)
    case .sequence(let items): try write(items, indent: indent, path: path)
    default: break
    }
    let column = text.column(node.contentStart)
    flush(before: nextSpan(after: node.end), indent: indent, onlyFrom: column)
  }

  private mutating func write(_ pairs: [YAMLLayout.Pair], indent: Int, path: [String]) throws(YAMLFormatError) {
    let keys = pairs.map { text.string($0.key.contentStart..<$0.key.end) }
    let (mapping, alignment) = (number(), alignment(path, keys))
    var table = number()
    for (pair, key) in zip(pairs, keys) {
      if flush(before: pair.key.start, indent: indent) { table = number() }
      begin(indent: indent)
      (line.mapping, line.table, line.alignment) = (mapping, table, alignment)
      addCell(try keyText(pair.key) + ":", path: "", at: pair.key.start)
      lastLine = text.line(pair.key.start)
      try writeValue(pair.value, indent: indent, path: path + [key], after: pair.colon ?? pair.key.end)
    }
  }

  private mutating func write(_ items: [YAMLLayout.Item], indent: Int, path: [String]) throws(YAMLFormatError) {
    for item in items {
      flush(before: item.dash, indent: indent)
      let path = path + ["-"]
      if item.node.isBlockCollection, item.node.properties.isEmpty, !hasComment(before: item.node.start) {
        dashes += "- "
        try writeBlock(item.node, indent: indent + 2, path: path)
      } else {
        begin(indent: indent)
        addCell("-", path: "", at: item.dash)
        lastLine = text.line(item.dash)
        try writeValue(item.node, indent: indent, path: path, after: item.dash)
      }
    }
  }

  /// Writes what belongs to the key or dash in the line, and ends the line.
  ///
  /// - Parameter owner: index of the colon or dash.
  private mutating func writeValue(
    _ value: YAMLLayout, indent: Int, path: [String], after owner: Int
  ) throws(YAMLFormatError) {
    let isRoot = line.cells.isEmpty
    switch value.content {
    case .nothing:
      if !value.properties.isEmpty { addCell(value.properties, path: "&", at: value.start) }
      line.isWhole = true
      endLine(at: value.properties.isEmpty ? owner : value.contentStart - 1)
    case .mapping, .sequence:
      if !value.properties.isEmpty { append(isRoot ? value.properties : " \(value.properties)") }
      endLine(at: value.properties.isEmpty ? owner : text.endOfWords(at: value.start, value.properties) - 1)
      try writeBlock(value, indent: indent + 2, path: path)
    case .block(let block):
      addCell(
        value.properties.isEmpty ? block.header : "\(value.properties) \(block.header)", path: "|", at: value.start)
      endLine(at: value.contentStart)
      for text in block.lines { writeLine(text, indent: text.isEmpty ? 0 : indent + (block.indentation ?? 2)) }
      lastLine = block.lastLine
      keptLines = lines.count
      endsOpen = !block.lines.isEmpty && value.end == text.count
    case .text, .alias, .flowSequence, .flowMapping, .flowPair:
      var indent = indent
      let isSplit = text.line(value.contentStart) != text.line(max(value.contentStart, value.end - 1))
      let isText = if case .text = value.content { true } else { false }
      let goesOnBelow = isText && isSplit && text.line(value.start) > text.line(owner)
      if !isRoot, hasComment(before: value.contentStart) || goesOnBelow {
        endLine(at: owner)
        indent += 2
        // Comments between an anchor and its value go above both, where they stay.
        flush(before: value.contentStart, indent: indent)
        begin(indent: indent)
      } else {
        line.isWhole = !isSplit
      }
      if !value.properties.isEmpty { addCell(value.properties, path: "&", at: value.start) }
      addCell("", path: "=", at: value.contentStart)
      flowIndent = indent
      try writeInline(value, path: "")
      endLine(at: value.end - 1)
    }
  }

  /// A key, which has to stand on one line.
  private func keyText(_ key: YAMLLayout) throws(YAMLFormatError) -> String {
    let properties = key.properties.isEmpty ? "" : key.properties + " "
    switch key.content {
    case .text where text.line(key.contentStart) == text.line(key.end - 1):
      return properties + quoted(text.string(key.contentStart..<key.end))
    case .alias: return text.string(key.contentStart..<key.end) + " "
    case .nothing: return key.properties.isEmpty ? "" : properties
    default: throw YAMLFormatError(index: key.start)
    }
  }

  // MARK: Braces, brackets and texts

  /// Goes on in the line that has begun, and in lines below it where the file breaks the node.
  private mutating func writeInline(
    _ node: YAMLLayout, path: String
  ) throws(YAMLFormatError) {
    switch node.content {
    case .text: writeText(node, indent: flowIndent + 2)
    case .alias: append(text.string(node.contentStart..<node.end))
    case .flowSequence(let items):
      let indent = flowIndent
      append("[")
      var end = node.contentStart
      for (index, item) in items.enumerated() {
        let path = "\(path)/\(index)"
        separate(item.start, from: end, isFirst: index == 0, indent: indent + 2, path: path)
        try writeItem(item, path: path)
        end = max(item.start, item.end - 1)
        if index < items.count - 1 { append(",") }
      }
      close("]", of: node, after: end, indent: indent)
    case .flowMapping(let pairs):
      let indent = flowIndent
      append("{")
      var end = node.contentStart
      for (index, pair) in pairs.enumerated() {
        let path = "\(path)/\(text.string(pair.key.contentStart..<pair.key.end))"
        separate(pair.key.start, from: end, isFirst: index == 0, indent: indent + 2, path: path)
        try write(pair, path: path)
        end = max(pair.key.start, pair.end - 1)
        if index < pairs.count - 1 { append(",") }
      }
      close("}", of: node, after: end, indent: indent)
    case .flowPair(let pair): try write(pair, path: path, isAlone: true)
    case .nothing, .block, .sequence, .mapping: break
    }
  }

  private mutating func writeItem(
    _ node: YAMLLayout, path: String
  ) throws(YAMLFormatError) {
    if !node.properties.isEmpty {
      append(node.properties)
      if case .nothing = node.content { return }
      append(" ")
    }
    try writeInline(node, path: path)
  }

  /// - Parameter isAlone: whether it stands in a list, without braces.
  private mutating func write(
    _ pair: YAMLLayout.Pair, path: String, isAlone: Bool = false
  ) throws(YAMLFormatError) {
    if case .text = pair.key.content, text.line(pair.key.contentStart) < text.line(pair.key.end - 1) {
      if !pair.value.isNothing || isAlone { append("? ") }
      try writeItem(pair.key, path: path)
    } else {
      append(try keyText(pair.key))
    }
    if pair.value.isNothing, !pair.key.isNothing, !isAlone { return }
    append(":")
    if hasComment(before: pair.value.start) {
      breakLine(at: pair.colon ?? pair.key.end, before: pair.value.start, indent: flowIndent + 2)
    } else {
      append(" ")
    }
    try writeItem(pair.value, path: path)
  }

  /// Begins an item of braces or brackets, on a line of its own where it has one in the file.
  private mutating func separate(
    _ start: Int, from end: Int, isFirst: Bool, indent: Int, path: String
  ) {
    if text.line(start) > text.line(end) || hasComment(before: start) {
      breakLine(at: end, before: start, indent: indent)
    } else if !isFirst {
      addCell("", path: path, at: start)
    }
  }

  private mutating func close(_ sign: String, of node: YAMLLayout, after end: Int, indent: Int) {
    let place = node.end - 1
    if text.line(place) > text.line(end) || hasComment(before: place) {
      breakLine(at: end, before: place, indent: indent)
    }
    append(sign)
  }

  private mutating func breakLine(at end: Int, before start: Int, indent: Int) {
    endLine(at: end)
    flush(before: start, indent: indent)
    begin(indent: indent)
    flowIndent = indent
  }

  private mutating func writeText(_ node: YAMLLayout, indent: Int) {
    var parts = text.string(node.contentStart..<node.end).split(omittingEmptySubsequences: false) {
      ["\n", "\r", "\r\n"].contains($0)
    }.map(String.init)
    guard parts.count > 1 else { return append(quoted(parts[0])) }
    let isDouble = text[node.contentStart] == "\""
    for index in parts.indices {
      if index > 0 { parts[index] = parts[index].trimmingBlanksAtStart }
      // A blank after a backslash is part of the text.
      let trimmed = parts[index].trimmingBlanksAtEnd
      if index < parts.count - 1, !(isDouble && trimmed.hasSuffix("\\")) { parts[index] = trimmed }
      if index > 0 {
        lines.append(line)
        line = FormattedLine()
        line.indent = parts[index].isEmpty ? 0 : indent
      }
      append(parts[index])
    }
    flowIndent = indent
  }

  /// A text in single quotes gets double ones where it reads the same in them.
  private func quoted(_ text: String) -> String {
    guard text.hasPrefix("'"), text.utf8.count >= 2 else { return text }
    let inner = text.dropFirst().dropLast()
    return inner.contains { "\"\\'".contains($0) } ? text : "\"\(inner)\""
  }

  // MARK: Lines

  private mutating func number() -> Int {
    numbers += 1
    return numbers
  }

  private mutating func begin(indent: Int) {
    line = FormattedLine()
    line.indent = indent - dashes.count
    line.dashes = dashes
    dashes = ""
  }

  /// - Parameter place: where it stands in the file.
  private mutating func addCell(_ cell: String, path: String, at place: Int?) {
    line.cells.append(
      FormattedLine.Cell(
        text: cell, path: path, column: place.map { text.shownColumn($0) },
        blanks: place.map { text.blanks(before: $0) } ?? 0))
  }

  private mutating func append(_ text: String) {
    if line.cells.isEmpty { addCell("", path: "", at: nil) }
    line.cells[line.cells.count - 1].text += text
  }

  private mutating func writeLine(_ text: String, indent: Int) {
    line = FormattedLine()
    line.indent = indent
    line.cells = [FormattedLine.Cell(text: text, path: "", column: nil, blanks: 0)]
    lines.append(line)
  }

  /// Ends the line with the comment that follows a place in the file on its line.
  private mutating func endLine(at place: Int) {
    lastLine = max(lastLine, text.line(place))
    if let comment = layout.comments[safe: nextComment], !comment.isAlone, comment.line <= lastLine {
      line.comment = FormattedLine.Comment(
        text: comment.text, column: text.shownColumn(comment.start), blanks: text.blanks(before: comment.start))
      nextComment += 1
    }
    lines.append(line)
    line = FormattedLine()
  }

  private func hasComment(before place: Int) -> Bool {
    layout.comments[safe: nextComment].map { $0.start < place } ?? false
  }

  /// Writes the comments and the blank line before a place.
  ///
  /// - Parameter column: only comments up to the first that stands left of it, and no blank line after them.
  /// - Returns: whether a blank line is among it.
  @discardableResult
  private mutating func flush(before place: Int, indent: Int, onlyFrom column: Int? = nil) -> Bool {
    if !dashes.isEmpty { return false }
    var hasBlank = false
    while let comment = layout.comments[safe: nextComment], comment.start < place {
      if let column, text.column(comment.start) < column { return hasBlank }
      if writeBlank(before: comment.line) { hasBlank = true }
      writeLine(comment.text, indent: indent)
      lastLine = comment.line
      nextComment += 1
    }
    if column == nil, writeBlank(before: text.line(place)) { hasBlank = true }
    return hasBlank
  }

  private mutating func writeBlank(before end: Int) -> Bool {
    guard !lines.isEmpty, lastLine + 1 < end, lines.last?.text.isEmpty == false,
      (lastLine + 1..<end).contains(where: { text.isBlank(line: $0) })
    else { return false }
    lines.append(FormattedLine())
    return true
  }

  /// Where the next thing that is written begins.
  private func nextSpan(after place: Int) -> Int {
    var (low, high) = (0, layout.spans.count)
    while low < high {
      let middle = (low + high) / 2
      if layout.spans[middle].lowerBound < place { low = middle + 1 } else { high = middle }
    }
    return low < layout.spans.count ? layout.spans[low].lowerBound : text.count
  }
}

/// A key that can't be laid out, by its index.
struct YAMLFormatError: Error {
  let index: Int
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { index < count ? self[index] : nil }
}
