import ArgumentParser

/// `stepgraph bench`: how long things take.
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Times one part of a model, or the engine.",
    subcommands: [Model.self, Engine.self], defaultSubcommand: Model.self)
}
