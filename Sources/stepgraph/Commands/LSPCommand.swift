import ArgumentParser
import Diagnostics
import Foundation
import GraphEngine
import LanguageServer
import StepgraphNodes

/// `stepgraph lsp`: a language server for editors.
struct LSPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lsp", abstract: "Serves an editor over stdin and stdout (Language Server Protocol).",
    discussion: """
      Problems and their fixes while typing, completion, hover, definitions and uses, renaming over files, symbols, colours, and \
      what a run would do. Examples/editors has the settings of editors.
      """)

  @OptionGroup var cacheLocation: CacheLocation

  @OptionGroup var models: ModelOptions

  @Flag(help: "What most clients say; there is no other way to talk to the server.")
  var stdio = false

  func run() async throws {
    // A client that is gone is told by what is written, not by a signal.
    signal(SIGPIPE, SIG_IGN)
    let adviser = CacheAdviser(cachePath: cacheLocation.path, search: models.search)
    let code = ServerLoop(input: STDIN_FILENO, output: STDOUT_FILENO).run { post, write in
      LanguageServer(
        catalog: .stepgraph, adviser: adviser,
        readFile: { path, reference throws(DiagnosticList) in try WorkflowFile.read(path, reference: reference) },
        post: post, write: write)
    }
    throw ExitCode(code)
  }
}
