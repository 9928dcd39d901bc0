import Diagnostics

/// A workflow of another tool, given in place of one of ours.
package enum ForeignWorkflow {
  /// Says what the file is; nil for anything that may be a workflow file.
  ///
  /// It is told by its text, as JSON need not be YAML.
  static func diagnostic(for file: SourceFile) -> Diagnostic? {
    guard file.text.first(where: { !$0.isWhitespace }) == "{", !file.text.contains("\"stepgraph\"") else { return nil }
    let isPrompt = file.text.contains("\"class_type\"")
    let isPage = file.text.contains("\"nodes\"") && file.text.contains("\"links\"")
    guard isPrompt || isPage else { return nil }
    return Diagnostic(
      "this is a workflow of ComfyUI\(isPrompt ? ", in its API format" : "")",
      at: SourceLocation(file: file, line: 1, column: 1),
      notes: [importNote])
  }

  /// What is to become of such a workflow.
  package static let importNote = "'stepgraph import' makes a workflow of it that can be run"
}
