import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes
import YAMLTree

/// `stepgraph format`: writes workflow files in one style.
struct FormatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "format", abstract: "Writes workflow files in the style of the shipped graphs.",
    discussion: """
      Indentation, blanks and columns become those of the shipped graphs. Values, comments, order, anchors, line breaks \
      and blank lines stay; a file that would say anything else is left as it is. Of a folder all workflow files are \
      formatted, in folders below it too. The files that change are listed.

      Exit codes: 0 done, 1 with --check where a file is to be formatted, 2 a file is no YAML or can't be read or \
      written, 64 wrong usage.
      """)

  @Argument(
    help: ArgumentHelp("Workflow files, folders of them, or - for standard input.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var files: [String]

  @Flag(help: "Change nothing: list the files that are to be formatted, and end with 1 if there are any.")
  var check = false

  func validate() throws {
    if files.contains("-"), files.count > 1 { throw ValidationError("- for standard input stands alone.") }
  }

  func run() async throws {
    try await reporting {
      if files == ["-"] { return try formatInput() }
      var problems: [Diagnostic] = []
      var hasChanges = false
      for file in try files.flatMap(Self.files) {
        do throws(DiagnosticList) {
          if try format(file) {
            hasChanges = true
            try? Terminal.write("\(file)\n")
          }
        } catch {
          problems += error.diagnostics
        }
      }
      if !problems.isEmpty { throw DiagnosticList(problems) }
      if check, hasChanges { throw ExitCode.nodeFailed }
    }
  }

  private func formatInput() throws {
    let bytes = Array(try FileHandle.standardInput.readToEnd() ?? Data())
    let file = try SourceFile(path: "standard input", bytes: bytes)
    let text = try WorkflowFormat.formatted(file)
    if !check { return try Terminal.write(text) }
    if Array(text.utf8) != bytes {
      try Terminal.write("standard input\n")
      throw ExitCode.nodeFailed
    }
  }

  /// Whether the file is to be formatted, which is done unless it is only checked.
  private func format(_ path: String) throws(DiagnosticList) -> Bool {
    let file = try SourceFile.read(path)
    let text = try WorkflowFormat.formatted(file)
    // A byte order mark is none of the text.
    if text == file.text, (try? WholeFile.read(path, limit: 1)) != [0xEF] { return false }
    if check { return true }
    do throws(FileError) {
      try WholeFile.write(Array(text.utf8), to: path, kind: .yaml)
    } catch {
      throw DiagnosticList([Diagnostic(error.message)])
    }
    return true
  }

  /// A file by itself; of a folder the workflow files in it and below it, in the order of their names.
  private static func files(_ path: String) throws -> [String] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return [path]
    }
    guard let names = FileManager.default.enumerator(atPath: path) else {
      throw DiagnosticList([Diagnostic("the folder '\(path)' cannot be read")])
    }
    let prefix = path.hasSuffix("/") ? path : path + "/"
    return names.compactMap { $0 as? String }.filter { name in
      [".yaml", ".yml"].contains { name.hasSuffix($0) } && isWorkflow(prefix + name)
    }.sorted().map { prefix + $0 }
  }

  /// Whether a file says of itself that it is a workflow, or tests one: other YAML is left alone.
  private static func isWorkflow(_ path: String) -> Bool {
    guard let file = try? SourceFile.read(path) else { return false }
    return file.lines.contains { $0.hasPrefix("stepgraph:") || $0.hasPrefix("stepgraph-test:") }
  }
}
