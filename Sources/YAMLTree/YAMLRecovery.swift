import Diagnostics

/// A file that is no YAML, with as few lines as possible changed so that it is.
///
/// Lines are cut short, emptied or have something put at their ends: whatever stands in another line stands there as before.
package struct RecoveredYAML {
  package let file: SourceFile
  /// The lines that are not as they were written, from 1 on.
  package let changedLines: Set<Int>
}

extension SourceFile {
  /// The file as YAML; nil when it cannot be made YAML in a few changes.
  ///
  /// What is half typed is kept as far as it says something: brackets are closed, a word becomes a key, and of a line that
  /// still is no YAML the key stays.
  package func recoveredYAML() -> RecoveredYAML? {
    var recovery = YAMLRecovery(self)
    return recovery.recover()
  }
}

private struct YAMLRecovery {
  private enum State: Int { case written, ended, key, empty }

  private let path: String
  private let base: String?
  private let original: [Substring]
  private var lines: [Substring]
  private var states: [Int: State] = [:]

  /// Each takes a look at the whole file.
  private static let attempts = 24

  init(_ file: SourceFile) {
    path = file.path
    base = file.base
    original = file.lines
    lines = file.lines
  }

  mutating func recover() -> RecoveredYAML? {
    for _ in 0..<Self.attempts {
      let file = SourceFile(path: path, text: lines.joined(separator: "\n"), base: base)
      guard let error = Self.firstError(in: file) else {
        return RecoveredYAML(file: file, changedLines: Set(states.keys.map { $0 + 1 }))
      }
      guard change(error, PlaceTable(file)) else { return nil }
    }
    return nil
  }

  private static func firstError(in file: SourceFile) -> YAMLSyntaxError? {
    do throws(YAMLSyntaxError) {
      let reader = try YAMLEventReader(YAMLSource(file.text))
      while true { if case .streamEnd = try reader.next().kind { return nil } }
    } catch {
      return error
    }
  }

  /// Changes the line that is most likely at fault; false when none is left.
  private mutating func change(_ error: YAMLSyntaxError, _ places: PlaceTable) -> Bool {
    let problem = places.location(error.index).line - 1
    let context = error.context.map { places.location($0.index).line - 1 } ?? problem
    // What was begun and not ended is told where the next thing begins.
    let isOpen =
      context < problem
      && ["while parsing a flow", "while scanning"].contains { error.context?.text.hasPrefix($0) ?? false }
    let blames = isOpen ? [context, problem] : [problem, context]
    for line in blames where advance(line) { return true }
    // Nothing is wrong with an empty line but what is around it.
    var line = min(problem, lines.count - 1)
    while line >= 0 {
      if advance(line) { return true }
      line -= 1
    }
    return false
  }

  private mutating func advance(_ line: Int) -> Bool {
    guard lines.indices.contains(line), !lines[line].allSatisfy(\.isWhitespace) else { return false }
    let state = states[line] ?? .written
    for next in [State.ended, .key, .empty] where next.rawValue > state.rawValue {
      let text: String? =
        switch next {
        case .ended: Self.ended(original[line])
        case .key: Self.key(original[line])
        case .written, .empty: ""
        }
      guard let text, text != lines[line] else { continue }
      lines[line] = text[...]
      states[line] = next
      return true
    }
    return false
  }

  /// The line with its brackets closed, or a colon behind its only word; nil when neither is to be done.
  private static func ended(_ line: Substring) -> String? {
    var open: [Character] = []
    var quote: Character?
    var previous: Character = " "
    for character in line {
      if let mark = quote {
        if character == mark, previous != "\\" || mark == "'" { quote = nil }
      } else {
        switch character {
        case "\"", "'": if " {[,:".contains(previous) { quote = character }
        case "{": open.append("}")
        case "[": open.append("]")
        case "}", "]": if open.last == character { open.removeLast() }
        case "#" where previous == " ": return nil
        default: break
        }
      }
      previous = character
    }
    guard !open.isEmpty || quote != nil else {
      let word = line.drop { $0 == " " }
      let isWord = word.unicodeScalars.allSatisfy { scalar in
        scalar.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains(scalar)
      }
      return isWord && !word.isEmpty ? line + ":" : nil
    }
    return line + (quote.map(String.init) ?? "") + String(open.reversed())
  }

  /// The key that the line begins with, without its value; nil when it begins with none.
  private static func key(_ line: Substring) -> String? {
    guard let colon = line.firstIndex(of: ":") else { return nil }
    let key = line[..<colon]
    let name = key.drop { $0 == " " }
    guard let first = name.first, first != "-", !name.contains(where: { " \t{[\"'#&*".contains($0) }) else {
      return nil
    }
    return String(line[...colon])
  }
}
