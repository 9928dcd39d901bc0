import ArgumentParser
import Diagnostics
import Foundation
import StepgraphNodes

/// `stepgraph extract`: the workflow that SavePNG stored in a picture.
struct ExtractCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract", abstract: "Writes the workflow stored in a picture, ready to be run again.",
    discussion: "Paths in the workflow are relative to the folder that the picture's run was started in.")

  @Argument(help: ArgumentHelp("A PNG that stepgraph wrote.", valueName: "png"))
  var picture: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("Where to write it; standard output when left out.", valueName: "file"))
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
      try WholeFile.write(Array(workflow.utf8), to: output, kind: .workflow)
      Terminal.writeError("\(output)\n")
    } catch let error as FileError {
      throw Diagnostic(error.message)
    }
  }
}
