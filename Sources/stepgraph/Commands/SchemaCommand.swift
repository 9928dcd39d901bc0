import ArgumentParser
import GraphEngine
import StepgraphNodes

/// `stepgraph schema`: what editors need to complete and check workflow files.
struct SchemaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Prints the JSON Schema (draft-07) of workflow files, for editors.",
    discussion: """
      Save it as stepgraph.schema.json; the first line of the shipped graphs points editors to it. That of files of tests \
      is stepgraph-test.schema.json.
      """)

  @Flag(help: "Print that of files of tests, NAME.test.yaml, instead.")
  var tests = false

  func run() async throws {
    try await reporting { try Terminal.write(tests ? WorkflowTest.schema : NodeCatalog.stepgraph.schema) }
  }
}
