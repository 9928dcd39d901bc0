import Diagnostics

/// A param of a workflow, for those who help to type it.
package struct WorkflowParam: Sendable {
  package let name: String
  /// As workflow files call it; empty when it was not understood.
  package let type: String
  /// What a choice is one of.
  package let options: [String]?
  /// The default's text; nil when it has none.
  package let standard: String?
}

extension WorkflowLoader {
  /// The params of the workflow at `path`, whatever else is wrong with it.
  package func params(of path: String) throws(DiagnosticList) -> [WorkflowParam] {
    let collector = DiagnosticCollector()
    guard let document = makeDocuments(collector).load(path) else { throw DiagnosticList(collector.sorted) }
    return document.params.map { param in
      var options: [String]?
      if case .choice(let texts) = param.type { options = texts }
      return WorkflowParam(
        name: param.name.value, type: param.type?.name ?? "", options: options,
        standard: param.defaultValue.map { $0.literals.map(\.scalar.text).joined(separator: ", ") })
    }
  }
}
