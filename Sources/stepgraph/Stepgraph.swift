import ArgumentParser

@main
struct Stepgraph: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stepgraph",
    abstract: "Runs diffusion image generation as a graph in which every sampling step is a node.",
    version: "0.1.0",
    subcommands: [
      RunCommand.self, ValidateCommand.self, PlanCommand.self, NodesCommand.self, SchemaCommand.self,
      ExtractCommand.self, ExplainCommand.self, GraphCommand.self, RunsCommand.self, DiffCommand.self, LockCommand.self,
      CacheCommand.self, ModelCommand.self, BenchCommand.self,
    ])
}
