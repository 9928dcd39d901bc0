/// A place between two characters, as the protocol counts: lines and UTF-16 code units from 0.
package struct Position: Codable, Hashable, Comparable, Sendable {
  package var line: Int
  package var character: Int

  package init(line: Int, character: Int) { (self.line, self.character) = (line, character) }

  package static func < (a: Position, b: Position) -> Bool { (a.line, a.character) < (b.line, b.character) }
}

/// From a place up to another one.
package struct TextRange: Codable, Hashable, Sendable {
  package var start: Position
  package var end: Position

  package init(_ start: Position, _ end: Position) { (self.start, self.end) = (start, end) }

  func contains(_ position: Position) -> Bool { start <= position && position <= end }

  func overlaps(_ other: TextRange) -> Bool { start <= other.end && other.start <= end }
}

struct Place: Codable, Hashable {
  let uri: String
  let range: TextRange
}

struct TextEdit: Codable, Hashable {
  let range: TextRange
  let newText: String
}

struct WorkspaceEdit: Encodable { let changes: [String: [TextEdit]] }

struct DocumentName: Codable { let uri: String }

struct DocumentPlace: Decodable {
  let textDocument: DocumentName
  let position: Position
}

struct DocumentOnly: Decodable { let textDocument: DocumentName }
