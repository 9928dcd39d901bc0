import Foundation
import GraphEngine
import LanguageServer
import Synchronization
import Testing

struct RunForecastTests {
  /// Says of every run that the loop's last two of four iterations run.
  private final class Adviser: RunAdviser {
    let asked = Mutex<[String]>([])

    func enter(_ folder: String) {}

    func forecast(
      of path: String, readFile: @escaping WorkflowLoader.ReadFile, post: @escaping @Sendable (ServerEvent) -> Void
    ) {
      asked.withLock { $0.append("forecast") }
      var step = RunForecast.Part()
      (step.runCount, step.count, step.seconds, step.address) = (2, 4, 3, "walk[2]/next")
      (step.lastSeconds, step.lastSource) = (6, "executed")
      var save = RunForecast.Part()
      (save.runCount, save.count, save.reason, save.address) = (1, 1, "writes a file: always runs", "save")
      var whole = RunForecast.Part()
      (whole.runCount, whole.count, whole.seconds) = (3, 6, 4.1)
      let parts = ["walk": step, "walk/next": step, "save": save]
      post(.forecast(path: path, RunForecast(parts: parts, whole: whole) { $0 == "save" ? [1, 2, 3] : nil }))
    }

    func explain(
      _ address: String, of path: String, readFile: @escaping WorkflowLoader.ReadFile,
      post: @escaping @Sendable (ServerEvent) -> Void
    ) { post(.told("\(address) runs", isError: false, ran: nil)) }

    func run(_ path: String, post: @escaping @Sendable (ServerEvent) -> Void) {
      post(.told("\(path) ran", isError: false, ran: path))
    }
  }

  @Test func lensesAndHoverTellOfRuns() throws {
    let adviser = Adviser()
    let client = try Client(adviser: adviser)
    let uri = "file:///nowhere/g.yaml"
    let text = """
      stepgraph: 1
      nodes:
        start: {node: EmptyLatent}
        walk:
          loop: {times: 4}
          carry: {x: start}
          nodes:
            next: {node: RepeatLatent, in: {latent: carry.x}}
          yield: {x: next}
        save: {node: SaveLatent, in: {latent: walk}, with: {path: a.safetensors}}

      """
    client.open(uri, text)
    client.deliver()
    #expect(client.messages("workspace/codeLens/refresh").count == 1)
    let lenses = try client.request("textDocument/codeLens", client.at(uri, (0, 0))).items
    let titles = lenses.map { lens in
      "\(lens["range"]?["start"]?["line"]?.int ?? -1): \(lens["command"]?["title"]?.string ?? "")"
    }
    #expect(
      titles == [
        "0: 3 of 6 nodes would run, about 4.1 s", "0: run", "3: 2 of 4 nodes would run, about 3.0 s (why)",
        "7: 2 of 4 nodes would run, about 3.0 s (why)", "9: would run: writes a file: always runs (why)",
      ])
    let hover = try client.request("textDocument/hover", client.at(uri, (9, 3)))["contents"]?["value"]?.string ?? ""
    #expect(hover.contains("would run: writes a file: always runs"))
    #expect(hover.hasSuffix("![save](data:image/png;base64,AQID)"))
    let next = try client.request("textDocument/hover", client.at(uri, (7, 7)))["contents"]?["value"]?.string ?? ""
    #expect(next.contains("2 of 4 nodes would run; took 6.0 s when it ran last; computed in the last run"))

    let why = try #require(lenses.last?["command"])
    try client.request("workspace/executeCommand", why)
    try client.request("workspace/executeCommand", ["command": "stepgraph.run", "arguments": [.text(uri)]])
    client.deliver()
    let shown = client.messages("window/showMessage").compactMap { $0["params"]?["message"]?.string }
    #expect(shown == ["save runs", "/nowhere/g.yaml ran"])
    // What ran changes what would run.
    #expect(adviser.asked.withLock { $0.count } == 2)
    #expect(throws: Client.Refusal.self) {
      try client.request("workspace/executeCommand", ["command": "stepgraph.banana"])
    }
  }
}
