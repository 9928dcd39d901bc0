import GraphEngine

/// A cause as `--json` prints it.
struct ChangeDescription: Encodable {
  let kind: String
  let node: String?
  let name: String?
  /// JSON for parameters, a digest for files, wires for wires; nil where there was or is nothing.
  let was: String?
  let `is`: String?
  let text: String

  init(_ cause: RunComparison.Cause) {
    kind = cause.kind.rawValue
    node = cause.node.isEmpty ? nil : cause.node
    name = cause.name
    was = cause.was
    `is` = cause.is
    text = cause.text
  }
}
