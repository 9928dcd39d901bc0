import Diagnostics
import YAMLTree

/// Whether two texts that results embed are of one workflow: the same nodes and wires, whatever the values of the params, the
/// points of a sweep, and the models they were made with.
package func isSameWorkflow(_ text: String, _ other: String) -> Bool {
  text == other || WorkflowShape(text) == WorkflowShape(other)
}

/// A workflow without what changes from run to run.
private indirect enum WorkflowShape: Equatable {
  case text(String)
  case list([WorkflowShape])
  case mapping([String: WorkflowShape])

  private static let passing: Set = [
    WorkflowRecord.filesKey, WorkflowRecord.circumstancesKey, "description", "sweep",
  ]

  init(_ text: String) {
    guard let root = SourceFile(path: "", text: text).parseYAML(into: DiagnosticCollector())?.mapping else {
      self = .text(text)
      return
    }
    var members: [String: WorkflowShape] = [:]
    for entry in root.entries where !Self.passing.contains(entry.key.value) {
      members[entry.key.value] =
        entry.key.value == "params" ? Self.withoutDefaults(entry.value) : WorkflowShape(entry.value)
    }
    self = .mapping(members)
  }

  private init(_ node: YAMLNode) {
    switch node.content {
    case .scalar(let scalar): self = .text(scalar.text)
    case .sequence(let items): self = .list(items.map { WorkflowShape($0) })
    case .mapping(let mapping):
      self = .mapping(
        Dictionary(mapping.entries.map { ($0.key.value, WorkflowShape($0.value)) }, uniquingKeysWith: { $1 }))
    }
  }

  private static func withoutDefaults(_ params: YAMLNode) -> WorkflowShape {
    guard case .mapping(let members) = WorkflowShape(params) else { return WorkflowShape(params) }
    return .mapping(
      members.mapValues { param in
        guard case .mapping(var fields) = param else { return param }
        fields["default"] = nil
        return .mapping(fields)
      })
  }
}
