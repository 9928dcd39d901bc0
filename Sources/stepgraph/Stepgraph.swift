import ArgumentParser
import Foundation

@main
struct Stepgraph: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stepgraph",
    abstract: "Runs diffusion image generation as a graph in which every sampling step is a node.",
    version: "0.1.0",
    subcommands: [
      RunCommand.self, WatchCommand.self, ValidateCommand.self, FormatCommand.self, TestCommand.self,
      PlanCommand.self, NodesCommand.self, SchemaCommand.self, ExtractCommand.self, ImportCommand.self,
      ExportCommand.self, ExplainCommand.self, GraphCommand.self, RunsCommand.self, DiffCommand.self, LockCommand.self,
      CacheCommand.self, ModelCommand.self, BenchCommand.self, LSPCommand.self, ManualCommand.self,
    ])

  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      guard let unknown = UnknownOption(arguments, error: error) else { exit(withError: error) }
      Terminal.writeError(unknown.text)
      exit(withError: ExitCode.validationFailure)
    }
  }
}
