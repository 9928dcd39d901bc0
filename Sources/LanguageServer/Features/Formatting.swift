import Diagnostics
import GraphEngine

/// The style of `stepgraph format`.
extension LanguageServer {
  func formatting(_ params: DocumentOnly) throws(ResponseError) -> [TextEdit] {
    guard let document = documents[params.textDocument.uri], isWorkflow(document) else { return [] }
    let text = document.file.text
    let formatted: String
    do {
      formatted = try WorkflowFormat.formatted(document.file)
    } catch {
      throw .failed(error.diagnostics.first?.message ?? "it cannot be formatted")
    }
    guard formatted != text else { return [] }
    // Lines that are the same but for their ends are no difference of lines.
    guard !text.utf8.contains(UInt8(ascii: "\r")) else {
      let lines = document.file.lines
      let end = document.file.position(line: lines.count, column: .max)
      return [TextEdit(range: TextRange(Position(line: 0, character: 0), end), newText: formatted)]
    }
    return LineDifference(from: document.file, to: formatted).edits
  }
}

/// The lines between those that two texts begin and end with alike: small edits leave cursors and folds where they are.
private struct LineDifference {
  let edits: [TextEdit]

  init(from file: SourceFile, to text: String) {
    let new = SourceFile(path: file.path, text: text).lines
    let old = file.lines
    let before = zip(old, new).prefix { $0 == $1 }.count
    let most = min(old.count, new.count) - before
    let behind = zip(old.reversed(), new.reversed()).prefix(most).prefix { $0 == $1 }.count
    let (oldEnd, newEnd) = (old.count - behind, new.count - behind)
    // Whole lines with their ends, or up to the last line's end, which has none.
    let endsText = behind == 0
    var start = Position(line: before, character: 0)
    var inserted = new[before..<newEnd].joined(separator: "\n")
    let end: Position
    if endsText {
      end = file.position(line: old.count, column: .max)
      if before >= newEnd || before >= oldEnd, before > 0 {
        start = file.position(line: before, column: .max)
        if before < newEnd { inserted = "\n" + inserted }
      }
    } else {
      end = Position(line: oldEnd, character: 0)
      if before < newEnd { inserted += "\n" }
    }
    edits = [TextEdit(range: TextRange(start, end), newText: inserted)]
  }
}
