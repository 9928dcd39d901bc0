import ArgumentParser
import ComfyUI
import Diagnostics
import DiffusionModels
import Foundation
import GraphEngine
import StepgraphNodes
import YAMLTree

/// `stepgraph import`: a workflow of ComfyUI as one of ours.
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Makes a workflow file of a workflow of ComfyUI, or of a picture that carries one.",
    discussion: """
      Takes what 'Save' and 'Export (API)' of ComfyUI write, a PNG of ComfyUI, and A1111's text of settings, in a PNG or in a \
      text file. What cannot be said is told of all at once, and nothing is written; --partial writes the rest.
      """)

  @Argument(
    help: ArgumentHelp("A JSON file of ComfyUI, a PNG, or a text of A1111's settings.", valueName: "file"),
    completion: .file(extensions: ["json", "png", "txt"]))
  var file: String

  @Option(
    name: [.short, .long], help: ArgumentHelp("Where to write it; standard output when left out.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var output: String?

  @Option(
    help: ArgumentHelp(
      """
      ComfyUI's folder, or its folder of models: checkpoints, diffusion_models, text_encoders, vae, loras and their like are \
      looked for in it, and where an extra_model_paths.yaml in it or beside it says; may be repeated.
      """, valueName: "dir"), completion: .directory)
  var models: [String] = []

  @Flag(help: "Write what can be said, and tell of the rest.")
  var partial = false

  @Flag(help: "Print JSON: the workflow and what is left out of it.")
  var json = false

  func validate() throws {
    if models.contains("") { throw ValidationError("--models takes a folder; an empty text was given.") }
  }

  func run() async throws {
    try await reporting {
      do {
        try importFile()
      } catch let error as FileError {
        throw DiagnosticList([Diagnostic(error.message)])
      }
    }
  }

  private func importFile() throws {
    if let output, let refusal = FileEnding.refusal(of: output, written: ["yaml", "yml"], kind: "a workflow") {
      throw refusal
    }
    let collector = DiagnosticCollector(limit: ComfyFile.mostMistakes)
    let imported = try ForeignFile(file).imported(models: folders(collector), stem: stem, into: collector)
    try collector.throwIfErrors()
    guard let imported else { throw DiagnosticList(collector.sorted) }
    let isWritten = imported.problems.isEmpty || partial
    let text = styled(imported.text)
    if json {
      try Terminal.write(jsonText(ImportReport(imported, workflow: isWritten ? text : nil)))
    } else if isWritten, output == nil {
      try Terminal.write(text)
    }
    if isWritten, let output {
      for subgraph in imported.subgraphs {
        let path = folder.isEmpty ? subgraph.name : "\(folder)/\(subgraph.name)"
        try WholeFile.write(Array(styled(subgraph.text).utf8), to: path, kind: .workflow)
        Terminal.writeError("\(path)\n")
      }
      try WholeFile.write(Array(text.utf8), to: output, kind: .workflow)
      Terminal.writeError("\(output)\n")
    }
    let severity: Diagnostic.Severity = partial ? .warning : .error
    let problems = imported.problems.map { Diagnostic($0.shown, at: $0.location, severity: severity) }
    guard isWritten else {
      throw DiagnosticList(
        problems + [
          Diagnostic("nothing was written, as this is not all of the workflow", notes: ["--partial writes the rest"])
        ])
    }
    Terminal.show(collector.sorted + problems)
  }

  /// As `stepgraph format` would leave it.
  private func styled(_ text: String) -> String {
    (try? WorkflowFormat.formatted(SourceFile(path: file, text: text))) ?? text
  }

  /// Of the file that is written.
  private var folder: String {
    output?.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") ?? ""
  }

  /// Its name without the ending; nil for standard output, which is one file.
  private var stem: String? {
    output?.split(separator: "/").last.map { name in name.lastIndex(of: ".").map { String(name[..<$0]) } ?? String(name)
    }
  }

  private func folders(_ collector: DiagnosticCollector) -> ComfyFolders {
    let here = FileManager.default.currentDirectoryPath
    let target =
      output.map { URL(filePath: $0, relativeTo: URL(filePath: here + "/")).deletingLastPathComponent().path } ?? here
    return ComfyFolders(
      roots: models, describe: { try? ModelDescription(path: $0).family },
      written: { path in relativePath(path.hasPrefix("/") ? path : "\(here)/\(path)", to: target) }, into: collector)
  }
}

/// A file of another program, whichever it is.
private struct ForeignFile {
  private let path: String
  private let start: [UInt8]

  init(_ path: String) throws {
    self.path = path
    start = try WholeFile.read(path, limit: FileNature.beginning)
  }

  func imported(models: ComfyFolders, stem: String?, into collector: DiagnosticCollector) throws -> ComfyImport? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if start.starts(with: PNG.signature) {
      let picture = try ForeignPicture(png: path)
      guard let text = picture.prompt ?? picture.workflow else {
        guard let parameters = picture.parameters else {
          throw told(
            "'\(path)' holds no workflow of ComfyUI, and no settings of A1111")
        }
        return A1111Settings(SourceFile(path: path, text: parameters)).imported(
          from: name, models: models, into: collector)
      }
      guard var graph = ComfyFile.read(SourceFile(path: path, text: text), into: collector) else { return nil }
      // What ran has no notes.
      if picture.prompt != nil, let workflow = picture.workflow {
        graph.notes = ComfyFile.read(SourceFile(path: path, text: workflow), into: DiagnosticCollector())?.notes ?? []
      }
      return ComfyImport(graph, from: name, models: models, stem: stem, into: collector)
    }
    let bytes = try WholeFile.read(path, limit: ComfyFile.longest + 1)
    guard bytes.count <= ComfyFile.longest else {
      throw told(
        "'\(path)' is larger than \(ComfyFile.longest) bytes, the limit for a workflow of ComfyUI")
    }
    let file = try SourceFile(path: path, bytes: bytes)
    if A1111Settings.looks(like: file.text) {
      return A1111Settings(file).imported(from: name, models: models, into: collector)
    }
    guard file.text.first(where: { !$0.isWhitespace }) == "{" else {
      let nature = FileNature.describe(beginning: start)
      throw told(
        "'\(path)' is no workflow of ComfyUI, and no settings of A1111"
          + (nature.map { ": it is \($0)" } ?? ""))
    }
    guard let graph = ComfyFile.read(file, into: collector) else { return nil }
    return ComfyImport(graph, from: name, models: models, stem: stem, into: collector)
  }
}

/// What `--json` prints.
private struct ImportReport: Encodable {
  struct Problem: Encodable {
    let node: String
    let type: String
    let title: String?
    let reason: String
  }

  /// Absent where nothing is written.
  let workflow: String?
  /// Paths of models and pictures that the workflow reads, and of what it writes.
  let files: [String]
  let problems: [Problem]

  init(_ imported: ComfyImport, workflow: String?) {
    self.workflow = workflow
    files = imported.files
    problems = imported.problems.map { Problem(node: $0.node, type: $0.type, title: $0.title, reason: $0.reason) }
  }
}

/// Bad input, with exit code 2.
private func told(_ message: String) -> DiagnosticList { DiagnosticList([Diagnostic(message)]) }
