import ArgumentParser
import GraphEngine
import StepgraphNodes

/// `stepgraph schema`: what editors need to complete and check workflow files.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Prints the JSON Schema (draft-07) of workflow files, for editors.",
    discussion: "Save it as stepgraph.schema.json; the first line of the shipped graphs points editors to it.")

  func run() { print(NodeCatalog.stepgraph.schema, terminator: "") }
}
