import Diagnostics

/// The text of a self-contained workflow for another folder: the paths that it reads lead to where they led from `folder`.
///
/// What the workflow was made with stays as it is.
///
/// - Parameters:
///   - folder: absolute, where the text's paths start.
///   - target: absolute, where the text is going to lie.
/// - Throws: what keeps the text from being understood.
package func rebasedWorkflow(
  _ text: String, from folder: String, to target: String, catalog: NodeCatalog
) throws(DiagnosticList) -> String {
  let path = folder + "/workflow.yaml"
  let loader = WorkflowLoader(catalog: catalog, workingDirectory: target) { _, _ throws(DiagnosticList) in
    SourceFile(path: path, text: text)
  }
  let graph = try loader.resolve(path, sheets: .none)
  // One file cannot say it all where a sweep changes which files are read.
  guard !graph.workflow.isEmpty else { return text }
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  let record = lines.firstIndex { $0.hasPrefix(WorkflowRecord.filesKey + ":") } ?? lines.endIndex
  return graph.workflow + lines[record...].joined(separator: "\n")
}

/// `path`, which is absolute, as it is seen from the absolute `folder`.
package func relativePath(_ path: String, to folder: String) -> String { PathText.relative(path, to: folder) }
