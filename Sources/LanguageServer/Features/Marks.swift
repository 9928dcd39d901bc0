import Diagnostics
import GraphEngine

/// A word of a document whose meaning is known, with its place.
struct PlacedMark {
  let mark: Mark
  let range: TextRange
}

/// What a name is defined by: the file and the place of its definition.
struct Definition: Hashable {
  let path: String
  let line: Int
  let column: Int

  init(_ location: SourceLocation) {
    (path, line, column) = (location.file.path, location.line, location.column)
  }
}

extension Mark {
  /// Nil where the text is not written as it reads, as with escapes.
  var range: TextRange? { location.file.range(of: text, at: location, offset: offset) }
}

extension LanguageServer {
  /// The words at a place, the shortest first.
  func marks(at position: Position, in inspection: WorkflowInspection) -> [PlacedMark] {
    inspection.marks.compactMap { mark in
      guard mark.location.line - 1 == position.line else { return nil }
      // A text with escapes is found by its beginning.
      guard let range = mark.range ?? (mark.isLiteral ? mark.location.file.range(at: mark.location) : nil),
        range.contains(position)
      else { return nil }
      return PlacedMark(mark: mark, range: range)
    }.sorted { $0.length < $1.length }
  }

  /// The word at a place that has a name of its own.
  func namedMark(at position: Position, in inspection: WorkflowInspection) -> PlacedMark? {
    marks(at: position, in: inspection).first { !$0.mark.isLiteral }
  }
}

extension Mark {
  var isLiteral: Bool { if case .literal = meaning { true } else { false } }
}

extension PlacedMark {
  fileprivate var length: Int {
    range.start.line == range.end.line ? range.end.character - range.start.character : .max
  }
}
