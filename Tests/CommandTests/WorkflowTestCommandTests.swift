import Foundation
import StepgraphNodes
import Testing

/// `stepgraph test`, and the shipped graphs' own cases.
struct WorkflowTestCommandTests {
  private struct Report: Decodable {
    struct Case: Decodable {
      struct Problem: Decodable {
        let message: String
        let line: Int?
      }

      let name: String
      let holds: Bool
      let executed: Int?
      let written: [String]
      let diagnostics: [Problem]
    }

    let cases: [Case]
    let failed: Int
  }

  static let tests = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".test.yaml") }.sorted()
  private static let folder = Repository.root.appending(path: "Tests/Workflows")

  @Test func thereAreSome() { #expect(Self.tests.count >= 4) }

  @Test(arguments: tests)
  func shippedGraphsHold(_ test: String) throws {
    let result = try Stepgraph()("test", Self.folder.appending(path: test).path)
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }

  /// A workflow of three nodes that run, and its tests.
  private func prepared(_ cases: String) throws -> Stepgraph {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.noise, to: "noise.yaml")
    try stepgraph.folder.write("stepgraph-test: 1\ncases:\n" + cases, to: "noise.test.yaml")
    return stepgraph
  }

  private static let noise = """
    stepgraph: 1
    params:
      model: {type: path, default: \(Repository.tinyModel)}
      seed:  {type: int,  default: 1, min: 0}
    nodes:
      model:   {node: LoadModel, with: {path: $(model)}}
      start:   {node: EmptyLatent, in: {vae: model.vae}, with: {width: 64, height: 64, seed: $(seed)}}
      picture: {node: Decode, in: {vae: model.vae, latent: start}}
      save:    {node: SavePNG, in: {image: picture}, with: {path: out.png}}
    """

  private func report(_ stepgraph: Stepgraph, _ arguments: String...) throws -> (status: Int32, report: Report) {
    let result = try stepgraph.call(["test", "noise.test.yaml", "--json"] + arguments)
    try #require(!result.output.isEmpty, "\(result.errors)")
    return (result.status, try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)))
  }

  @Test func referencesAreWrittenAndCompared() throws {
    let stepgraph = try prepared(
      """
        first:
          same: {start: refs/start.safetensors}
          picture: refs/out.png
          runs: 3
      """)
    let missing = try report(stepgraph)
    #expect(missing.status == 1)
    #expect(
      missing.report.cases[0].diagnostics.map(\.message) == [
        "there is no file 'refs/start.safetensors'", "there is no file 'refs/out.png'",
      ])
    #expect(missing.report.cases[0].diagnostics.map(\.line) == [4, 5])
    let updated = try report(stepgraph, "--update")
    #expect(updated.status == 0)
    #expect(updated.report.cases[0].written == ["refs/start.safetensors", "refs/out.png"])
    let held = try report(stepgraph)
    #expect(held.status == 0 && held.report.cases[0].executed == 3 && held.report.cases[0].written.isEmpty)
    #expect(!stepgraph.folder.exists("out.png"), "what a workflow writes goes elsewhere")

    try stepgraph.folder.write(Self.noise.replacing("default: 1", with: "default: 2"), to: "noise.yaml")
    let failed = try report(stepgraph)
    #expect(failed.status == 1 && failed.report.failed == 1)
    let messages = failed.report.cases[0].diagnostics.map(\.message)
    #expect(messages.count == 2)
    #expect(messages[0].hasPrefix("'start' is other than 'refs/start.safetensors': it is off by 1."))
    #expect(messages[1].hasPrefix("'the picture' is other than 'refs/out.png': its PSNR is "))
  }

  @Test func casesFollowOthers() throws {
    let stepgraph = try prepared(
      """
        first: {runs: 3}
        again: {after: first, runs: 1}
        other: {after: first, with: {seed: 2}, runs: 3}
        other-again: {after: first, with: {seed: 2}, runs: 3}
        alone: {runs: 3}
        wrong: {after: first, runs: 2}
      """)
    let (status, report) = try report(stepgraph)
    #expect(status == 1)
    #expect(report.cases.map(\.holds) == [true, true, true, true, true, false])
    #expect(report.cases[5].diagnostics.map(\.message) == ["1 node ran, not 2"])
    #expect(report.cases[5].diagnostics.map(\.line) == [8])
    let one = try self.report(stepgraph, "--case", "other")
    #expect(one.status == 0 && one.report.cases.map(\.name) == ["first", "other"])
  }

  @Test func errorsAreExpected() throws {
    let stepgraph = try prepared(
      """
        gone: {with: {model: nowhere}, error: there is no such file}
        bound: {with: {seed: -1}, error: "'seed' takes 0 or more"}
        other: {with: {seed: -1}, error: it is a folder}
        well: {error: anything}
        slip: {with: {sede: 1}}
        wire: {same: {strat: x.safetensors}}
      """)
    let (status, report) = try report(stepgraph)
    #expect(status == 1)
    #expect(report.cases.map(\.holds) == [true, true, false, false, false, false])
    let first = report.cases.map { $0.diagnostics.first?.message ?? "" }
    #expect(first[2] == "the run ends with another error than one with 'it is a folder'")
    #expect(first[3] == "the run ends well; an error with 'anything' was expected")
    #expect(first[4].contains("'sede'") && report.cases[4].diagnostics[0].line == 7)
    #expect(first[5].contains("'strat'") && report.cases[5].diagnostics[0].line == 8)
  }

  @Test func otherProgramsReadTheResults() throws {
    let stepgraph = try prepared("  good: {runs: 3}\n  bad: {runs: 9}\n")
    let tap = try stepgraph("test", "noise.test.yaml", "--tap", "--junit", "out.xml")
    #expect(tap.status == 1)
    #expect(
      tap.output.hasPrefix(
        "TAP version 14\n1..2\nok 1 - noise.test.yaml: good\nnot ok 2 - noise.test.yaml: bad\n  ---\n"))
    #expect(
      tap.output.hasSuffix("  ...\n") && tap.output.contains("    noise.test.yaml:4:15: error: 3 nodes ran, not 9\n"))
    let xml = String(decoding: try stepgraph.folder.contents("out.xml"), as: UTF8.self)
    #expect(xml.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"2\" failures=\"1\" time="))
    #expect(xml.contains("<testcase name=\"good\" classname=\"noise.test.yaml\" time="))
    #expect(xml.contains("<failure message=\"3 nodes ran, not 9\">noise.test.yaml:4:15: error: 3 nodes ran, not 9\n"))
    #expect(xml.hasSuffix("</failure>\n    </testcase>\n  </testsuite>\n</testsuites>\n"))

    let text = try stepgraph("test", ".")
    #expect(text.status == 1)
    #expect(text.output.hasPrefix("./noise.test.yaml\n  ok    good  ("))
    #expect(text.output.contains("  FAIL  bad  (") && text.output.contains("2 cases: 1 holds, 1 fails, in "))
  }

  @Test func slipsAreToldBeforeAnythingRuns() throws {
    let stepgraph = try prepared("  a: {runs: x}\n")
    let result = try stepgraph.failure(["test", "noise.test.yaml", "missing.test.yaml"])
    #expect(result.status == 2 && result.output.isEmpty)
    #expect(result.errors.contains("noise.test.yaml:3:13: error: 'runs' takes a number of nodes, not 'x'"))
    #expect(result.errors.contains("cannot read 'missing.test.yaml': there is no such file"))
    let unknown = try prepared("  first: {}\n").failure(["test", "noise.test.yaml", "--case", "frist"])
    #expect(unknown.status == 2 && unknown.errors.contains("did you mean 'first'?"))
  }
}
