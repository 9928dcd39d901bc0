import Diagnostics

/// Reads a file of one document, already known to be valid, as it is laid out.
struct YAMLLayoutReader {
  private let text: YAMLScalars
  private let reader: YAMLEventReader
  /// Where what was read last ends.
  private var position = 0
  /// What is written, in order: all else is blanks, comments and the signs between nodes.
  private var spans: [Range<Int>] = []

  init(_ text: YAMLScalars) throws(YAMLSyntaxError) {
    self.text = text
    reader = try YAMLEventReader(YAMLSource(text.string))
  }

  mutating func read() throws(YAMLSyntaxError) -> YAMLFileLayout {
    _ = try reader.next()
    let begin = try reader.next()
    var prologue = 0..<0
    if !begin.isImplicit {
      prologue = 0..<begin.end
      position = begin.end
    }
    let root = try node(try reader.next(), column: -1)
    let finish = try reader.next()
    let marker = finish.isImplicit ? nil : finish.start..<finish.end
    if let marker { spans.append(marker) }
    return YAMLFileLayout(
      text: text, prologue: prologue, root: root, endMarker: marker,
      comments: text.comments(outside: [prologue] + spans), spans: spans)
  }

  /// - Parameter column: of the list or mapping in whose lines the node stands; -1 for the root.
  private mutating func node(_ event: YAMLEvent, column: Int) throws(YAMLSyntaxError) -> YAMLLayout {
    let start = event.start
    let (properties, contentStart) = takeProperties(of: event)
    func made(_ content: YAMLLayout.Content, from begin: Int, to end: Int) -> YAMLLayout {
      YAMLLayout(
        properties: properties, start: properties.isEmpty ? begin : start, contentStart: begin, end: end,
        content: content)
    }
    switch event.kind {
    case .alias:
      take(start..<event.end)
      return made(.alias, from: start, to: event.end)
    case .scalar(let scalar):
      if scalar.isPlain, scalar.text.isEmpty { return made(.nothing, from: contentStart, to: contentStart) }
      if "|>".unicodeScalars.contains(text[contentStart]), !scalar.isPlain {
        let (block, end) = text.blockText(at: contentStart, parent: column)
        let headerEnd = contentStart + block.header.unicodeScalars.count
        take(contentStart..<headerEnd)
        if end > headerEnd { take(text.range(ofLine: text.line(contentStart) + 1).lowerBound..<end) }
        return made(.block(block), from: contentStart, to: end)
      }
      take(contentStart..<event.end)
      return made(.text, from: contentStart, to: event.end)
    case .sequenceStart:
      let isFlow = text[contentStart] == "["
      if isFlow { position = contentStart + 1 }
      let items = try items(column: column, isFlow: isFlow)
      if isFlow { return made(.flowSequence(items.map(\.node)), from: contentStart, to: position) }
      return made(.sequence(items), from: contentStart, to: position)
    case .mappingStart(let isFlow):
      if isFlow, text[contentStart] == "{" {
        position = contentStart + 1
        let (pairs, end) = try pairs(column: column, isFlow: true)
        position = end
        return made(.flowMapping(pairs), from: contentStart, to: end)
      }
      let (pairs, _) = try pairs(column: column, isFlow: isFlow)
      guard let first = pairs.first else { return made(.nothing, from: contentStart, to: contentStart) }
      if isFlow { return made(.flowPair(first), from: first.key.start, to: position) }
      return made(.mapping(pairs), from: first.key.start, to: position)
    default: return made(.nothing, from: start, to: start)
    }
  }

  private mutating func items(column: Int, isFlow: Bool) throws(YAMLSyntaxError) -> [YAMLLayout.Item] {
    var items: [YAMLLayout.Item] = []
    while true {
      let event = try reader.next()
      if case .sequenceEnd = event.kind {
        if isFlow { position = event.end }
        return items
      }
      let dash = text.next(after: position)
      if !isFlow { take(dash..<dash + 1) }
      items.append(YAMLLayout.Item(dash: dash, node: try node(event, column: isFlow ? column : text.column(dash))))
      if isFlow { passComma() }
    }
  }

  /// The pairs of a mapping, and where it ends.
  private mutating func pairs(column: Int, isFlow: Bool) throws(YAMLSyntaxError) -> ([YAMLLayout.Pair], Int) {
    var pairs: [YAMLLayout.Pair] = []
    while true {
      let event = try reader.next()
      if case .mappingEnd = event.kind { return (pairs, event.end) }
      let inner = isFlow ? column : text.column(event.start)
      let mark = text.next(after: position)
      if mark < text.count, text[mark] == "?", mark < event.start || isEmpty(event) { position = mark + 1 }
      let key = try node(event, column: inner)
      let value = try reader.next()
      let sign = text.next(after: position)
      let colon = sign < text.count && text[sign] == ":" && sign <= value.start ? sign : nil
      if let colon { position = colon + 1 }
      pairs.append(YAMLLayout.Pair(key: key, value: try node(value, column: inner), colon: colon))
      if isFlow { passComma() }
    }
  }

  private mutating func passComma() {
    let comma = text.next(after: position)
    if comma < text.count, text[comma] == "," { position = comma + 1 }
  }

  private func isEmpty(_ event: YAMLEvent) -> Bool {
    if case .scalar(let scalar) = event.kind { scalar.isPlain && scalar.text.isEmpty } else { false }
  }

  private mutating func take(_ span: Range<Int>) {
    if !span.isEmpty { spans.append(span) }
    position = span.upperBound
  }

  /// Anchor and tag, and where what they belong to begins.
  private mutating func takeProperties(of event: YAMLEvent) -> (String, Int) {
    if case .alias = event.kind { return ("", event.start) }
    let count = (event.anchor == nil ? 0 : 1) + (event.tag == nil ? 0 : 1)
    guard count > 0 else { return ("", event.start) }
    var properties: [String] = []
    var index = event.start
    for _ in 0..<count {
      index = text.next(after: index)
      guard index < text.count, "&!".unicodeScalars.contains(text[index]) else { break }
      let end = text.endOfWord(at: index)
      properties.append(text.string(index..<end))
      take(index..<end)
      index = end
    }
    return (properties.joined(separator: " "), isEmpty(event) ? index : text.next(after: index))
  }
}

/// A file as it is laid out.
struct YAMLFileLayout {
  let text: YAMLScalars
  /// Directives and the marker `---`; empty where there are none.
  let prologue: Range<Int>
  let root: YAMLLayout
  /// Where `...` stands.
  let endMarker: Range<Int>?
  let comments: [YAMLComment]
  let spans: [Range<Int>]
}

struct YAMLComment {
  let start: Int
  let line: Int
  /// With its `#`, without blanks at its end.
  let text: String
  /// Whether nothing stands before it on its line.
  let isAlone: Bool
}
