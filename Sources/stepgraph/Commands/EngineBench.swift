import ArgumentParser
import Foundation
import GraphEngine

extension BenchCommand {
  struct Engine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "engine", abstract: "Times the engine with nodes that do nothing.",
      discussion: """
        A chain of \(EngineBenchmark.chainLength) nodes is run without a cache, each node on the compute thread; a graph of \
        \(EngineBenchmark.graphSize) is unrolled from its text, and planned. The expression has nine numbers and names.
        """)

    @Option(help: "Timed runs.")
    var runs = 5

    @Flag(help: "Print JSON, times in seconds.")
    var json = false

    func validate() throws {
      if runs < 1 { throw ValidationError("--runs is \(runs); 1 or more was expected") }
    }

    func run() async throws {
      try await reporting {
        let report = Report(try await EngineBenchmark(runs: runs))
        try Terminal.write(json ? jsonText(report) : report.text)
      }
    }
  }

  private struct Report: Encodable {
    let secondsPerNode: [Double]
    let secondsToResolve: [Double]
    let secondsToPlan: [Double]
    let secondsPerExpression: [Double]

    init(_ benchmark: EngineBenchmark) {
      secondsPerNode = benchmark.running
      secondsToResolve = benchmark.resolving
      secondsToPlan = benchmark.planning
      secondsPerExpression = benchmark.evaluating
    }

    var text: String {
      func row(_ name: String, _ seconds: [Double], _ unit: String, _ scale: Double) -> [String] {
        let sorted = seconds.sorted()
        return [name] + [sorted[sorted.count / 2], sorted[0]].map { String(format: "%.3g \(unit)", $0 * scale) }
      }
      return tableText([
        ["", "median", "minimum"], row("run a node", secondsPerNode, "us", 1e6),
        row("resolve \(EngineBenchmark.graphSize) nodes", secondsToResolve, "ms", 1e3),
        row("plan \(EngineBenchmark.graphSize) nodes", secondsToPlan, "ms", 1e3),
        row("evaluate an expression", secondsPerExpression, "us", 1e6),
      ])
    }
  }
}
