import Diagnostics
import GraphEngine
import YAMLTree

/// What may be given where a workflow is asked for: a file of one, or a picture that carries one.
package enum WorkflowFile {
  /// A loader of workflows that takes pictures too.
  package static var loader: WorkflowLoader { loader(noting: { _ in }) { .random(in: 0...UInt64.max) } }

  /// A loader that tells of each file before it reads it.
  ///
  /// - Parameter draw: gives the value of `--set seed=random`.
  package static func loader(
    noting note: @escaping @Sendable (_ path: String) -> Void, draw: @escaping () -> UInt64
  ) -> WorkflowLoader {
    WorkflowLoader(
      catalog: .stepgraph,
      readFile: { path, reference throws(DiagnosticList) in
        note(path)
        return try read(path, reference: reference)
      }, draw: draw)
  }

  /// The text of a workflow file, or of the workflow in a picture, whose paths are relative to the working directory.
  ///
  /// Throws one diagnostic, at `reference` where another file names it.
  package static func read(_ path: String, reference: SourceLocation?) throws(DiagnosticList) -> SourceFile {
    let start = (try? WholeFile.read(path, limit: 12)) ?? []
    guard start.starts(with: PNG.signature) else {
      if let kind = pictureKind(start) {
        throw DiagnosticList([
          Diagnostic(
            "'\(path)' is a \(kind) picture, which holds no workflow", at: reference,
            notes: ["PNG files that SavePNG wrote hold one"])
        ])
      }
      return try SourceFile.read(path, reference: reference)
    }
    do {
      let workflow = try PictureWorkflow.read(fromPNG: path)
      return try SourceFile(path: path, bytes: Array(workflow.utf8), base: "", reference: reference)
    } catch let error as FileError {
      throw DiagnosticList([Diagnostic(error.message, at: reference)])
    } catch let error as DiagnosticList {
      throw error
    } catch {
      throw DiagnosticList([Diagnostic("\(error)", at: reference)])
    }
  }

  private static func pictureKind(_ start: [UInt8]) -> String? {
    if start.starts(with: [0xFF, 0xD8, 0xFF]) { return "JPEG" }
    if start.starts(with: Array("RIFF".utf8)), start.dropFirst(8).starts(with: Array("WEBP".utf8)) { return "WebP" }
    return nil
  }
}
