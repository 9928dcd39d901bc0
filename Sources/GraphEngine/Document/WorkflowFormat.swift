import Diagnostics
import YAMLTree

/// The style in which workflow files are written.
package enum WorkflowFormat {
  /// A workflow file's text in the style of the shipped graphs: see `SourceFile.formattedYAML`.
  ///
  /// Params, inputs and nodes stand in columns, and so do the types of params.
  ///
  /// Throws what is wrong with text that is no YAML; what it says of nodes is not looked at.
  package static func formatted(_ file: SourceFile) throws(DiagnosticList) -> String {
    try file.formattedYAML(alignment: alignment)
  }

  private static func alignment(_ path: [String], _ keys: [String]) -> YAMLAlignment {
    if path == ["params"] { return .declarations }
    if path == ["inputs"] { return .values }
    // `nodes`, a loop's name, `nodes`, ...: every other key.
    let isInNodes = !path.isEmpty && stride(from: 0, to: path.count, by: 2).allSatisfy { path[$0] == "nodes" }
    guard isInNodes else { return .byHand }
    let isNodes = path.count % 2 == 1
    return isNodes || keys.contains("node") || keys.contains("graph") ? .values : .byHand
  }
}
