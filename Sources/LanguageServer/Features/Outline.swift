import Diagnostics
import GraphEngine

/// The parts of a document: symbols and what can be folded.
extension LanguageServer {
  func symbols(_ params: DocumentOnly) -> [DocumentSymbol] {
    guard let (document, inspection) = checkedWorkflow(params.textDocument.uri) else { return [] }
    let known = inspection.isWorkflow ? inspection : document.lastGood ?? inspection
    guard let file = known.file else { return [] }
    return known.symbols.map { symbol($0, in: file) }
  }

  private func symbol(_ symbol: WorkflowSymbol, in file: SourceFile) -> DocumentSymbol {
    let name = file.range(of: symbol.name, at: symbol.location) ?? file.range(at: symbol.location)
    let children = symbol.children.map { self.symbol($0, in: file) }
    // A part holds its parts, wherever an alias has them written.
    let end = children.reduce(file.end(ofEntryAt: symbol.location)) { max($0, $1.range.end) }
    let start = children.reduce(name.start) { min($0, $1.range.start) }
    return DocumentSymbol(
      name: symbol.name.isEmpty ? " " : symbol.name, detail: symbol.detail, kind: symbol.kind.symbolKind,
      range: TextRange(start, max(end, name.end)), selectionRange: name, children: children)
  }

  /// By indentation, which needs no text that is YAML: blocks, and comments of several lines.
  func foldingRanges(_ params: DocumentOnly) -> [FoldingRange] {
    guard let document = documents[params.textDocument.uri], isWorkflow(document) else { return [] }
    let lines = document.file.lines
    var ranges: [FoldingRange] = []
    var open: [(line: Int, indent: Int)] = []
    var lastFull = -1
    var commentStart: Int?
    func close(above indent: Int) {
      while let last = open.last, last.indent >= indent {
        open.removeLast()
        if lastFull > last.line { ranges.append(FoldingRange(startLine: last.line, endLine: lastFull, kind: nil)) }
      }
    }
    for (number, line) in lines.enumerated() {
      let text = line.drop { $0 == " " }
      let isComment = text.first == "#"
      if isComment, commentStart == nil { commentStart = number }
      if !isComment, let start = commentStart {
        if number - 1 > start { ranges.append(FoldingRange(startLine: start, endLine: number - 1, kind: "comment")) }
        commentStart = nil
      }
      guard !text.isEmpty, !isComment else { continue }
      let indent = line.count - text.count
      close(above: indent)
      open.append((number, indent))
      lastFull = number
    }
    close(above: 0)
    return ranges.sorted { ($0.startLine, $0.endLine) < ($1.startLine, $1.endLine) }
  }
}

extension WorkflowSymbol.Kind {
  fileprivate var symbolKind: Int {
    switch self {
    case .param: 13
    case .input: 8
    case .node: 12
    case .loop: 3
    case .call: 2
    case .output: 7
    }
  }
}

extension SourceFile {
  /// Where the entry ends whose key is at a place: with the line, or with the lines below that are indented further.
  func end(ofEntryAt location: SourceLocation) -> Position {
    var last = location.line
    let indent = location.column - 1
    for line in lines.indices.dropFirst(location.line) {
      let text = lines[line].drop { $0 == " " }
      if text.isEmpty || text.first == "#" { continue }
      guard lines[line].count - text.count > indent else { break }
      last = line + 1
    }
    return position(line: last, column: .max)
  }
}
