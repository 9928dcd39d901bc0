import Diagnostics
import GraphEngine
import Synchronization

/// What a run did, for its closing lines and for `--json`.
final class RunRecord: Sendable {
  private struct Counts {
    var parameters: [String: String] = [:]
    var points: [RunDescription.Point] = []
    /// By the points' addresses.
    var pointIndices: [Substring: Int] = [:]
    var files: [String] = []
    var warnings: [Diagnostic] = []
    var sources: [RunEvent.Source: Int] = [:]
    /// Nodes computed again, and those with other bits.
    var compared = 0
    var differing: [String] = []
    /// Nil until the run is done.
    var seconds: Double?
  }

  private let start = ContinuousClock.now
  private let counts = Mutex(Counts())

  func note(_ graph: ResolvedGraph) {
    func texts(_ parameters: [ResolvedParameter]) -> [String: String] {
      Dictionary(parameters.map { ($0.name, $0.text) }, uniquingKeysWith: { $1 })
    }
    counts.withLock { counts in
      counts.parameters = texts(graph.parameters)
      counts.points = graph.points.map {
        RunDescription.Point(address: $0.address, parameters: texts($0.parameters), files: [])
      }
      for (index, point) in counts.points.enumerated() { counts.pointIndices[point.address[...]] = index }
    }
  }

  func note(_ event: RunEvent) {
    counts.withLock { counts in
      switch event {
      case .wrote(let node, _, let path):
        counts.files.append(path)
        if let point = counts.pointIndices[node.prefix { $0 != "/" }] { counts.points[point].files.append(path) }
      case .warning(_, let diagnostic): counts.warnings.append(diagnostic)
      case .finished(_, _, let source, _, _): counts.sources[source, default: 0] += 1
      case .done(let seconds): counts.seconds = seconds
      default: break
      }
    }
  }

  /// Takes up an event of the run that computes nodes again.
  func noteComparison(_ event: RunEvent) {
    guard case .compared(let node, _, let ports) = event else { return }
    counts.withLock { counts in
      counts.compared += 1
      if !ports.isEmpty { counts.differing.append(node) }
    }
  }

  /// Nil when every node that was computed again gave the same bits.
  var difference: Diagnostic? {
    counts.withLock { counts in
      guard !counts.differing.isEmpty else { return nil }
      return Diagnostic(
        "\(counts.differing.count) of \(counts.compared) nodes computed again gave other bits than the cache holds: "
          + counts.differing.map { "'\($0)'" }.joined(separator: ", "),
        notes: [
          "a node changed without a new version, or does not give the same bits twice; "
            + "--refresh NODE replaces what the cache holds"
        ])
    }
  }

  /// Files that were written.
  var files: [String] { counts.withLock { $0.files } }

  private var elapsed: Double { start.duration(to: .now) / .seconds(1) }

  /// The files written, a line each, then how long it took.
  var summary: String {
    counts.withLock { counts in
      let executed = counts.sources[.executed, default: 0]
      let cached = counts.sources[.disk, default: 0] + counts.sources[.memory, default: 0]
      return counts.files.map { "\($0)\n" }.joined()
        + "done in \(durationText(counts.seconds ?? elapsed)): \(countText(executed, "node")) run, \(cached) from the cache\n"
        + (counts.compared > 0 ? "\(countText(counts.compared, "node")) computed again: the same bits\n" : "")
    }
  }

  func description(failure: (any Error)?) -> RunDescription {
    counts.withLock { counts in
      let (status, diagnostics): (String, [Diagnostic]) =
        switch failure {
        case nil: ("done", [])
        case is CancellationError: ("interrupted", [])
        case let list as DiagnosticList: ("invalid", list.diagnostics)
        case let diagnostic as Diagnostic: ("failed", [diagnostic])
        case let other?: ("failed", [Diagnostic("\(other)")])
        }
      return RunDescription(
        status: status, files: counts.files, seconds: counts.seconds ?? elapsed, parameters: counts.parameters,
        points: counts.points.isEmpty ? nil : counts.points,
        nodes: .init(
          executed: counts.sources[.executed, default: 0], disk: counts.sources[.disk, default: 0],
          memory: counts.sources[.memory, default: 0], shared: counts.sources[.shared, default: 0],
          compared: counts.compared),
        diagnostics: (counts.warnings + diagnostics).map(DiagnosticDescription.init))
    }
  }
}

/// What `run --json` prints.
struct RunDescription: Encodable {
  /// One point of a sweep.
  struct Point: Encodable {
    let address: String
    let parameters: [String: String]
    var files: [String]
  }

  struct Nodes: Encodable {
    let executed: Int
    let disk: Int
    let memory: Int
    let shared: Int
    /// Those that --check-determinism computed again, all to the same bits.
    let compared: Int
  }

  let status: String
  let files: [String]
  let seconds: Double
  let parameters: [String: String]
  /// Nil without a sweep.
  let points: [Point]?
  let nodes: Nodes
  let diagnostics: [DiagnosticDescription]
}
