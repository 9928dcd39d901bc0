import Diagnostics
import GraphEngine

/// Quick fixes: what a message's own data says would mend it.
extension LanguageServer {
  func codeActions(_ params: CodeActionParameters) -> [CodeAction] {
    guard let (document, inspection) = checkedWorkflow(params.textDocument.uri) else { return [] }
    return inspection.diagnostics.compactMap { diagnostic in
      guard let location = diagnostic.location, location.file.path == document.path, let fix = diagnostic.fix else {
        return nil
      }
      let told = told(diagnostic)
      guard told.range.overlaps(params.range), let (title, edits) = edits(fix, in: document) else { return nil }
      return CodeAction(
        title: title, kind: "quickfix", diagnostics: [told],
        edit: WorkspaceEdit(changes: [document.uri: edits]), isPreferred: true)
    }
  }

  private func edits(_ fix: Fix, in document: OpenDocument) -> (title: String, edits: [TextEdit])? {
    switch fix.change {
    case .replace(let old, let new):
      // The text that the fix was found in may be one that was mended to be read.
      guard fix.location.file.path == document.path, let range = document.file.range(of: old, at: fix.location) else {
        return nil
      }
      return ("Write '\(new)'", [TextEdit(range: range, newText: new)])
    case .move(let key):
      guard let edits = EntryMove(document.file, keyAt: fix.location, to: key)?.edits else { return nil }
      return ("Write it under '\(key)'", edits)
    }
  }
}

/// Moves an entry of `in` or `with` to the other one, where both are written in braces in one line.
private struct EntryMove {
  let edits: [TextEdit]

  init?(_ file: SourceFile, keyAt location: SourceLocation, to key: String) {
    guard file.lines.indices.contains(location.line - 1) else { return nil }
    let line = Array(file.lines[location.line - 1].unicodeScalars)
    let start = location.column - 1
    let braces = FlowBraces(line)
    guard let own = braces.innermost(around: start), let outer = braces.innermost(around: own.lowerBound) else {
      return nil
    }
    let end = braces.endOfEntry(from: start, in: own)
    let entry = String(String.UnicodeScalarView(line[start..<end])).trimmed
    // With the comma behind it, or the one before it.
    var (from, to) = (start, end)
    if to < own.upperBound, line[to] == "," {
      to += 1
      while to < own.upperBound, line[to] == " " { to += 1 }
    } else if let comma = line[(own.lowerBound + 1)..<from].lastIndex(of: ",") {
      from = comma
    }
    func range(_ from: Int, _ to: Int) -> TextRange {
      file.range(line: location.line, column: from + 1, length: to - from)
    }
    let removal = TextEdit(range: range(from, to), newText: "")
    if let other = braces.mapping(under: key, in: outer) {
      let isEmpty = line[(other.lowerBound + 1)..<other.upperBound].allSatisfy { $0 == " " }
      let text = isEmpty ? entry : ", " + entry
      edits = [removal, TextEdit(range: range(other.upperBound, other.upperBound), newText: text)]
    } else {
      guard let place = braces.keyStart(before: own.lowerBound) else { return nil }
      edits = [removal, TextEdit(range: range(place, place), newText: "\(key): {\(entry)}, ")]
    }
  }
}

/// The braces of one line, outside of quotes.
private struct FlowBraces {
  private let line: [Unicode.Scalar]
  /// From each `{` or `[` to its partner.
  private var pairs: [Range<Int>] = []
  private var quoted: Set<Int> = []

  init(_ line: [Unicode.Scalar]) {
    self.line = line
    var open: [Int] = []
    var quote: Unicode.Scalar?
    for index in line.indices {
      let scalar = line[index]
      if let mark = quote {
        quoted.insert(index)
        if scalar == mark, mark == "'" || line[index - 1] != "\\" { quote = nil }
      } else if scalar == "\"" || scalar == "'" {
        if index > 0, " {[,:".unicodeScalars.contains(line[index - 1]) { quote = scalar }
        quoted.insert(index)
      } else if scalar == "{" || scalar == "[" {
        open.append(index)
      } else if scalar == "}" || scalar == "]", let start = open.popLast() {
        pairs.append(start..<index)
      }
    }
  }

  /// The smallest pair that holds an index between its braces.
  func innermost(around index: Int) -> Range<Int>? {
    pairs.filter { $0.lowerBound < index && index < $0.upperBound }.min { $0.count < $1.count }
  }

  /// Where the entry ends that starts at an index, before its comma.
  func endOfEntry(from start: Int, in own: Range<Int>) -> Int {
    var index = start
    while index < own.upperBound {
      if let inner = pairs.first(where: { $0.lowerBound == index }) {
        index = inner.upperBound + 1
        continue
      }
      if line[index] == ",", !quoted.contains(index) { return index }
      index += 1
    }
    return own.upperBound
  }

  /// The braces behind a key.
  func mapping(under key: String, in outer: Range<Int>) -> Range<Int>? {
    pairs.first { pair in
      guard innermost(around: pair.lowerBound) == outer, let start = keyStart(before: pair.lowerBound) else {
        return false
      }
      return String(String.UnicodeScalarView(line[start..<pair.lowerBound])).trimmed == key + ":"
    }
  }

  /// Where the key starts whose value is the braces at an index.
  func keyStart(before brace: Int) -> Int? {
    var index = brace - 1
    while index >= 0, line[index] == " " { index -= 1 }
    guard index >= 0, line[index] == ":" else { return nil }
    while index > 0, !" {,".unicodeScalars.contains(line[index - 1]) { index -= 1 }
    return index
  }
}

extension String {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
