import Foundation
import Testing

struct FormatCommandTests {
  private static let ragged = "stepgraph: 1\nnodes:\n    a:   {node: LoadTensor, with: {path: 'x'} }   \n"
  private static let even = "stepgraph: 1\nnodes:\n  a: {node: LoadTensor, with: {path: \"x\"}}\n"

  @Test func formatsFilesAndFolders() throws {
    let stepgraph = try Stepgraph()
    let folder = stepgraph.folder
    try FileManager.default.createDirectory(at: folder.file("graphs/more"), withIntermediateDirectories: true)
    for name in ["one.yaml", "graphs/two.yml", "graphs/more/three.yaml"] { try folder.write(Self.ragged, to: name) }
    try folder.write("a:   1\n", to: "graphs/other.yaml")
    try folder.write(Self.even, to: "graphs/even.yaml")

    let check = try stepgraph("format", "--check", "one.yaml", "graphs")
    #expect(check.status == 1)
    #expect(check.output == "one.yaml\ngraphs/more/three.yaml\ngraphs/two.yml\n")
    #expect(try folder.contents("one.yaml") == Data(Self.ragged.utf8))

    let format = try stepgraph("format", "one.yaml", "graphs")
    #expect(format.status == 0)
    #expect(format.output == check.output)
    for name in ["one.yaml", "graphs/two.yml", "graphs/more/three.yaml"] {
      #expect(String(decoding: try folder.contents(name), as: UTF8.self) == Self.even)
    }
    #expect(try folder.contents("graphs/other.yaml") == Data("a:   1\n".utf8), "no workflow")
    #expect(try stepgraph("format", "--check", "one.yaml", "graphs").status == 0)
  }

  @Test func keepsModesAndLinks() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write("\u{FEFF}" + Self.ragged, to: "target.yaml")
    let link = stepgraph.folder.file("link.yaml").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target.yaml")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o640], ofItemAtPath: stepgraph.folder.file("target.yaml").path)
    #expect(try stepgraph("format", "link.yaml").status == 0)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "target.yaml")
    let target = stepgraph.folder.file("target.yaml").path
    #expect(try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int == 0o640)
    #expect(String(decoding: try stepgraph.folder.contents("target.yaml"), as: UTF8.self) == Self.even)
    #expect(stepgraph.folder.names.filter { !$0.hasPrefix(".std") } == ["link.yaml", "target.yaml"])
  }

  @Test func readsStandardInput() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.ragged, to: "in")
    for (arguments, status, output) in [
      (["format", "-"], 0, Self.even), (["format", "--check", "-"], 1, "standard input\n"),
    ] {
      let process = try stepgraph.process(arguments)
      process.standardInput = try FileHandle(forReadingFrom: stepgraph.folder.file("in"))
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == Int32(status))
      #expect(String(decoding: try stepgraph.folder.contents(".stdout"), as: UTF8.self) == output)
    }
  }

  @Test func leavesWhatItCannotRead() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write("a: [1\n", to: "broken.yaml")
    try stepgraph.folder.write(Self.ragged, to: "good.yaml")
    let result = try stepgraph("format", "broken.yaml", "missing.yaml", "good.yaml")
    #expect(result.status == 2)
    #expect(result.errors.contains("broken.yaml:2:1: error: this is not valid YAML"))
    #expect(result.errors.contains("cannot read 'missing.yaml': there is no such file"))
    #expect(try stepgraph.folder.contents("broken.yaml") == Data("a: [1\n".utf8))
    #expect(String(decoding: try stepgraph.folder.contents("good.yaml"), as: UTF8.self) == Self.even)
    #expect(try stepgraph("format", "-", "good.yaml").status == 64)
  }

  /// The keys of all nodes stay, so that all results are found again.
  @Test func keysStay() throws {
    let stepgraph = try Stepgraph()
    let graph = try String(contentsOf: Repository.graphs.appending(path: "txt2img-cfg.yaml"), encoding: .utf8)
    let ragged = graph.replacing(": {", with: ":    {  ").replacing("}\n", with: " }  \n\n# x\n")
    try stepgraph.folder.write(ragged, to: "g.yaml")
    let settings = ["model=\(Repository.tinyModel)", "steps=2"]
    #expect(try !stepgraph.run("g.yaml", settings).executed.isEmpty)
    #expect(try stepgraph("format", "g.yaml").output == "g.yaml\n")
    #expect(try String(decoding: stepgraph.folder.contents("g.yaml"), as: UTF8.self) != ragged)
    #expect(try stepgraph.run("g.yaml", settings).executed.isEmpty)
  }
}
