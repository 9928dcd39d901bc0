/// The text of one file that a person wrote, kept so that diagnostics can quote it.
package final class SourceFile: Sendable {
  /// The path as the user would type it; for an argument, the argument.
  package let path: String
  package let text: String
  /// The text split at line ends (LF, CR LF or CR), without them.
  package let lines: [Substring]
  /// True for an argument of the command line, which has no lines to point at.
  package let isArgument: Bool
  /// What paths in the file are relative to, for a file that was made elsewhere; its own folder when nil.
  package let base: String?

  package init(path: String, text: String, base: String? = nil) {
    self.path = path
    self.base = base
    self.text = text
    self.lines = SourceFile.split(text)
    self.isArgument = false
  }

  /// An argument of the command line as the user wrote it, such as `--set steps=abc`.
  package init(argument: String) {
    self.path = argument
    self.text = ""
    self.lines = []
    self.isArgument = true
    self.base = nil
  }

  private static func split(_ text: String) -> [Substring] {
    var lines: [Substring] = []
    let bytes = text.utf8
    var start = bytes.startIndex
    var index = start
    while index < bytes.endIndex {
      let byte = bytes[index]
      let next = bytes.index(after: index)
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        lines.append(text[start..<index])
        let isPair = byte == UInt8(ascii: "\r") && next < bytes.endIndex && bytes[next] == UInt8(ascii: "\n")
        start = isPair ? bytes.index(after: next) : next
        index = start
      } else {
        index = next
      }
    }
    lines.append(text[start...])
    return lines
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

  /// The place of an argument of the command line.
  package init(argument: String) {
    self.init(file: SourceFile(argument: argument), line: 0, column: 0)
  }

  package var description: String { file.isArgument ? file.path : "\(file.path):\(line):\(column)" }
}

extension SourceLocation: Hashable {
  package static func == (left: SourceLocation, right: SourceLocation) -> Bool {
    left.file === right.file && left.line == right.line && left.column == right.column
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(ObjectIdentifier(file))
    hasher.combine(line)
    hasher.combine(column)
  }
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
