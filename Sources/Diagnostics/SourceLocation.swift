/// The text of one file that a person wrote, kept so that diagnostics can quote it.
package final class SourceFile: Sendable {
  /// The path as the user would type it.
  package let path: String
  package let text: String
  /// The text split at line ends, without them.
  package let lines: [Substring]

  package init(path: String, text: String) {
    self.path = path
    self.text = text
    self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.last == "\r" ? line.dropLast() : line
    }
  }
}

/// A place in a source file; line and column count from 1, columns in Unicode scalars.
package struct SourceLocation: Sendable, CustomStringConvertible {
  package let file: SourceFile
  package let line: Int
  package let column: Int

  package init(file: SourceFile, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  package var description: String { "\(file.path):\(line):\(column)" }
}

/// A value and the place it was written at.
package struct Located<Value> {
  package var value: Value
  package var location: SourceLocation

  package init(_ value: Value, at location: SourceLocation) {
    self.value = value
    self.location = location
  }
}

extension Located: Sendable where Value: Sendable {}
