import Diagnostics

extension SourceFile {
  /// Reads the file's text as one JSON document (RFC 8259).
  ///
  /// Returns nil after text that is no JSON or is over a limit; repeated keys are collected on the way, and the first of them
  /// counts.
  package func parseJSON(limits: JSONLimits = JSONLimits(), into collector: DiagnosticCollector) -> JSONNode? {
    do throws(Diagnostic) {
      var parser = JSONParser(self, limits: limits, collector: collector)
      return try parser.parseDocument()
    } catch {
      collector.add(error)
      return nil
    }
  }
}

/// Reads bytes front to back, and tells lines and columns as it goes.
struct JSONParser {
  let bytes: [UInt8]
  private let file: SourceFile
  private let limits: JSONLimits
  private let collector: DiagnosticCollector
  private(set) var position = 0
  private var valueCount = 0
  /// A place whose line and column are known, at or before `position`.
  private var known = (position: 0, line: 1, column: 1)

  init(_ file: SourceFile, limits: JSONLimits, collector: DiagnosticCollector) {
    bytes = Array(file.text.utf8)
    self.file = file
    self.limits = limits
    self.collector = collector
  }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func advance(_ count: Int = 1) { position += count }

  /// Where `position` is: columns count Unicode scalars.
  mutating func location() -> SourceLocation {
    while known.position < min(position, bytes.count) {
      let byte = bytes[known.position]
      known.position += 1
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        if byte == UInt8(ascii: "\r"), known.position < bytes.count, bytes[known.position] == UInt8(ascii: "\n") {
          known.position += 1
        }
        known.line += 1
        known.column = 1
      } else if byte & 0xC0 != 0x80 {
        known.column += 1
      }
    }
    return SourceLocation(file: file, line: known.line, column: known.column)
  }

  /// A problem at `position`.
  mutating func problem(_ message: String, notes: [String] = []) -> Diagnostic {
    Diagnostic("this is not valid JSON: \(message)", at: location(), notes: notes)
  }

  mutating func parseDocument() throws(Diagnostic) -> JSONNode {
    if bytes.count > limits.bytes {
      throw Diagnostic("the file is larger than \(limits.bytes) bytes, the limit for JSON", at: location())
    }
    skipBlanks()
    guard next != nil else { throw Diagnostic("the file is empty", at: location()) }
    let root = try parseValue(depth: 1)
    skipBlanks()
    if next != nil { throw problem("nothing was expected after the end of the document") }
    return root
  }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func parseValue(depth: Int) throws(Diagnostic) -> JSONNode {
    let place = location()
    guard depth <= limits.depth else {
      throw Diagnostic("values are nested more than \(limits.depth) deep", at: place)
    }
    valueCount += 1
    guard valueCount <= limits.values else {
      throw Diagnostic("the file has more than \(limits.values) values", at: place)
    }
    let content: JSONNode.Content
    switch next {
    case UInt8(ascii: "{"): content = .object(JSONObject(try parseEntries(depth: depth)))
    case UInt8(ascii: "["): content = .array(try parseItems(depth: depth))
    case UInt8(ascii: "\""): content = .string(try parseString())
    case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): content = .number(try parseNumber())
    case let byte? where Self.isLetter(byte): content = try parseWord()
    case nil: throw problem("the file ends where a value was expected")
    default: throw problem("a value was expected", notes: hintForValue())
    }
    return JSONNode(content, at: place)
  }

  private func hintForValue() -> [String] {
    switch next {
    case UInt8(ascii: "]"), UInt8(ascii: "}"): ["JSON takes no comma before the closing bracket"]
    case UInt8(ascii: "'"): ["texts stand in double quotes"]
    case UInt8(ascii: "/"): ["JSON has no comments"]
    default: []
    }
  }

  // MARK: Objects and lists

  private mutating func parseEntries(depth: Int) throws(Diagnostic) -> [JSONEntry] {
    var entries: [JSONEntry] = []
    var places: [String: SourceLocation] = [:]
    advance()
    skipBlanks()
    if next == UInt8(ascii: "}") {
      advance()
      return entries
    }
    while true {
      skipBlanks()
      let place = location()
      guard next == UInt8(ascii: "\"") else {
        throw problem(
          "a key in double quotes was expected",
          notes: next == UInt8(ascii: "}") ? ["JSON takes no comma before the closing bracket"] : [])
      }
      let key = try parseString()
      skipBlanks()
      guard next == UInt8(ascii: ":") else { throw problem("':' was expected after a key") }
      advance()
      skipBlanks()
      let value = try parseValue(depth: depth + 1)
      if let first = places[key] {
        collector.error("the key '\(key)' is written twice", at: place, notes: ["first at \(first)"])
      } else {
        places[key] = place
        entries.append(JSONEntry(key: Located(key, at: place), value: value))
      }
      if try isAtEnd(of: UInt8(ascii: "}")) { return entries }
    }
  }

  private mutating func parseItems(depth: Int) throws(Diagnostic) -> [JSONNode] {
    var items: [JSONNode] = []
    advance()
    skipBlanks()
    if next == UInt8(ascii: "]") {
      advance()
      return items
    }
    while true {
      skipBlanks()
      items.append(try parseValue(depth: depth + 1))
      if try isAtEnd(of: UInt8(ascii: "]")) { return items }
    }
  }

  /// Takes a comma, or the bracket that ends an object or a list.
  private mutating func isAtEnd(of bracket: UInt8) throws(Diagnostic) -> Bool {
    skipBlanks()
    if next == UInt8(ascii: ",") {
      advance()
      return false
    }
    guard next == bracket else {
      let shown = Character(UnicodeScalar(bracket))
      throw problem(next == nil ? "the file ends before a '\(shown)'" : "',' or '\(shown)' was expected")
    }
    advance()
    return true
  }

  // MARK: Words and numbers

  private mutating func parseWord() throws(Diagnostic) -> JSONNode.Content {
    let word = String(decoding: bytes[position...].prefix { Self.isLetter($0) }, as: UTF8.self)
    let content: JSONNode.Content
    switch word {
    case "null": content = .null
    case "true": content = .bool(true)
    case "false": content = .bool(false)
    case "NaN", "Infinity": content = .number(JSONNumber(text: word))
    default:
      throw problem(
        "'\(word.prefix(40))' is no value",
        notes: [nearestNameNote(to: word, among: ["null", "true", "false"]) ?? "texts stand in double quotes"])
    }
    advance(word.utf8.count)
    return content
  }

  private mutating func parseNumber() throws(Diagnostic) -> JSONNumber {
    let start = position
    if next == UInt8(ascii: "-") { advance() }
    if bytes[position...].starts(with: "Infinity".utf8) {
      advance(8)
      return JSONNumber(text: "-Infinity")
    }
    let isZero = next == UInt8(ascii: "0")
    guard skipDigits() > 0 else { throw problem("a digit was expected") }
    if isZero, bytes[start..<position].count > (bytes[start] == UInt8(ascii: "-") ? 2 : 1) {
      position = start
      throw problem("a number does not begin with 0 and another digit")
    }
    if next == UInt8(ascii: ".") {
      advance()
      guard skipDigits() > 0 else { throw problem("a digit was expected after the point") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      advance()
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { advance() }
      guard skipDigits() > 0 else { throw problem("a digit was expected in the exponent") }
    }
    return JSONNumber(text: String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = next, Self.isDigit(byte) { position += 1 }
    return position - start
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
}
