import ArgumentParser
import Diagnostics
import GraphEngine
import StepgraphNodes

/// `stepgraph validate`: checks workflow files without running them.
struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Checks workflow files, subgraphs too, and reports every problem.")

  @Argument(help: ArgumentHelp("Workflow files.", valueName: "graph"), completion: Completions.workflow)
  var graphs: [String]

  @Flag(name: .shortAndLong, help: "Print nothing but problems.")
  var quiet = false

  func run() async throws {
    try await reporting {
      let loader = WorkflowFile.loader
      var problems: [Diagnostic] = []
      for graph in graphs {
        do {
          Terminal.show(try loader.check(graph))
          if !quiet { try Terminal.write("\(graph): valid\n") }
        } catch let error as DiagnosticList {
          problems += error.diagnostics
        }
      }
      if !problems.isEmpty { throw DiagnosticList(problems) }
    }
  }
}
