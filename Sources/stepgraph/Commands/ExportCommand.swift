import ArgumentParser
import ComfyUI
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes

/// `stepgraph export`: a workflow as ComfyUI takes it.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a workflow as ComfyUI's server takes it, in its API format.",
    discussion: """
      The steps of a sampler graph for ComfyUI become its KSampler, or one with more to say. What ComfyUI cannot do, such as \
      other guidance for some steps, is told by address, and nothing is written.
      """)

  @Argument(
    help: ArgumentHelp("The workflow file, or a picture that carries one.", valueName: "graph"),
    completion: Completions.workflow)
  var graph: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Give a param another value; may be repeated.", valueName: "param=value"),
    completion: Completions.settings)
  var settings: [String] = []

  @Option(
    name: [.short, .long], help: ArgumentHelp("Where to write it; standard output when left out.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var output: String?

  func validate() throws {
    for setting in settings where !setting.contains("=") {
      throw ValidationError("Unexpected '\(setting)'; settings are written param=value.")
    }
  }

  func run() async throws {
    try await reporting {
      let resolved = try WorkflowFile.loader.resolve(
        graph,
        settings: settings.map { setting in
          let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
          return ParameterSetting(name: String(parts[0]), text: String(parts[1]))
        }, sheets: .none)
      guard resolved.points.isEmpty else {
        throw DiagnosticList([Diagnostic("a sweep is several workflows; --set fixes what it sweeps")])
      }
      let exported = ComfyExport(resolved)
      if !exported.problems.isEmpty { throw DiagnosticList(exported.problems) }
      let text = exported.prompt.document(depth: 2)
      guard let output else {
        try Terminal.write(text)
        return
      }
      do {
        if let refusal = FileEnding.refusal(of: output, written: ["json"], kind: "a prompt of ComfyUI") {
          throw refusal
        }
        try WholeFile.write(Array(text.utf8), to: output, kind: .prompt)
      } catch let error as FileError {
        throw DiagnosticList([Diagnostic(error.message)])
      }
      Terminal.writeError("\(output)\n")
    }
  }
}
