import Diagnostics
import GraphEngine

/// What loops and calls come to, beside their names.
extension LanguageServer {
  func inlayHints(_ params: RangeParameters) -> [InlayHint] {
    guard let (_, inspection) = checkedWorkflow(params.textDocument.uri), let file = inspection.file else { return [] }
    var hints: [InlayHint] = []
    func add(_ symbols: [WorkflowSymbol]) {
      for symbol in symbols {
        if symbol.kind == .loop || symbol.kind == .call, let count = inspection.nodeCounts[symbol.address] {
          let position = file.position(line: symbol.location.line, column: .max)
          if params.range.contains(position) {
            hints.append(
              InlayHint(
                position: position, label: "= \(countText(count, "node"))",
                tooltip: symbol.kind == .loop
                  ? "so many nodes of a run the loop is unrolled to" : "so many nodes of a run the call stands for"))
          }
        }
        add(symbol.children)
      }
    }
    add(inspection.symbols)
    return hints
  }
}
