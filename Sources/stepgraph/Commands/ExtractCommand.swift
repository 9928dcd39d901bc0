import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes

/// `stepgraph extract`: the workflow that SavePNG stored in a picture.
struct ExtractCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract", abstract: "Writes the workflow stored in a picture, ready to be run again.",
    discussion: """
      Paths in the workflow are relative to the folder that the picture's run was started in, taken to be the one this command \
      runs in; in another folder's file they are rewritten to lead to the same places.
      """)

  @Argument(help: ArgumentHelp("A PNG that stepgraph wrote.", valueName: "png"), completion: .file(extensions: ["png"]))
  var picture: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("Where to write it; standard output when left out.", valueName: "file"),
    completion: .file())
  var output: String?

  func run() async throws {
    try await reporting { try extract() }
  }

  private func extract() throws {
    do {
      let workflow = try PictureWorkflow.read(fromPNG: picture)
      guard let output else {
        try Terminal.write(workflow)
        return
      }
      if let refusal = FileEnding.refusal(of: output, written: ["yaml", "yml"], kind: "a workflow") { throw refusal }
      try WholeFile.write(Array(rebased(workflow, for: output).utf8), to: output, kind: .workflow)
      Terminal.writeError("\(output)\n")
    } catch let error as FileError {
      throw Diagnostic(error.message)
    }
  }

  private func rebased(_ workflow: String, for output: String) -> String {
    let here = FileManager.default.currentDirectoryPath
    let folder = URL(filePath: output, relativeTo: URL(filePath: here + "/")).deletingLastPathComponent()
      .standardizedFileURL.path(percentEncoded: false)
    let target = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    if target == here { return workflow }
    do {
      return try rebasedWorkflow(workflow, from: here, to: target, catalog: .stepgraph)
    } catch {
      Terminal.show(
        [Diagnostic("paths in the workflow were left as they are, as it cannot be read", severity: .warning)]
          + error.diagnostics)
      return workflow
    }
  }
}
