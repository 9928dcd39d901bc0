import Diagnostics

/// What happens in a run, as progress displays, event files and tests see it.
package enum RunEvent: Sendable {
  /// Where a node's results came from.
  package enum Source: String, Sendable { case executed, disk, memory, shared }

  /// `nodes` counts the graph's, `run` those to execute, `hit` those to be read from the cache.
  case planned(nodes: Int, run: Int, hit: Int)
  /// `batch` names the nodes that run together with this one, itself among them; empty for one that runs alone.
  case started(node: String, type: String, batch: [String] = [])
  /// A node's results are there for all that need them; where they are kept on disk, they are kept now.
  ///
  /// `seconds` is an equal share of what a batch took.
  case finished(node: String, type: String, source: Source, seconds: Double, batch: [String] = [])
  /// A part of a model was loaded.
  case loaded(node: String, type: String, part: String, seconds: Double)
  /// A node was computed again to compare; `differing` names the outputs that came out with other bits.
  case compared(node: String, type: String, differing: [String])
  /// A sink wrote a file.
  case wrote(node: String, type: String, path: String)
  /// A picture of what a node made was written, on the way to the run's results.
  case preview(node: String, type: String, path: String)
  /// `node` is nil for what concerns the run as a whole.
  case warning(node: String?, Diagnostic)
  case failed(node: String, type: String, Diagnostic)
  case cancelled
  case done(seconds: Double)
}

/// Takes events, one at a time and in order, from any thread.
package typealias EventSink = @Sendable (RunEvent) -> Void

extension RunEvent {
  /// The event as one line of JSON, without a line end.
  package var json: String {
    var line = JSONObjectLine()
    switch self {
    case .planned(let nodes, let run, let hit):
      line.add("event", "planned")
      line.add("nodes", nodes)
      line.add("run", run)
      line.add("hit", hit)
    case .started(let node, let type, let batch):
      line.add("event", "started")
      line.add("node", node)
      line.add("type", type)
      line.add(batch: batch)
    case .finished(let node, let type, let source, let seconds, let batch):
      line.add("event", "finished")
      line.add("node", node)
      line.add("type", type)
      line.add("source", source.rawValue)
      line.add(seconds: seconds)
      line.add(batch: batch)
    case .loaded(let node, let type, let part, let seconds):
      line.add("event", "loaded")
      line.add("node", node)
      line.add("type", type)
      line.add("part", part)
      line.add(seconds: seconds)
    case .compared(let node, let type, let differing):
      line.add("event", "compared")
      line.add("node", node)
      line.add("type", type)
      line.add("same", differing.isEmpty)
    case .wrote(let node, let type, let path):
      line.add("event", "wrote")
      line.add("node", node)
      line.add("type", type)
      line.add("path", path)
    case .preview(let node, let type, let path):
      line.add("event", "preview")
      line.add("node", node)
      line.add("type", type)
      line.add("path", path)
    case .warning(let node, let diagnostic):
      line.add("event", "warning")
      if let node { line.add("node", node) }
      line.add(diagnostic)
    case .failed(let node, let type, let diagnostic):
      line.add("event", "failed")
      line.add("node", node)
      line.add("type", type)
      line.add(diagnostic)
    case .cancelled:
      line.add("event", "cancelled")
    case .done(let seconds):
      line.add("event", "done")
      line.add(seconds: seconds)
    }
    return line.string
  }
}

private struct JSONObjectLine {
  private var text = JSONText()
  private var separator = "{"

  var string: String { text.string + "}" }

  mutating func add(_ name: String, _ value: String) {
    add(name: name)
    text.append(value)
  }

  mutating func add(_ name: String, _ value: Int) {
    add(name: name)
    text.append(Int128(value))
  }

  mutating func add(_ name: String, _ value: Bool) {
    add(name: name)
    text.append(value)
  }

  mutating func add(batch: [String]) {
    guard !batch.isEmpty else { return }
    add(name: "batch")
    text.append(.list(batch.map { .string($0) }))
  }

  /// To the microsecond.
  mutating func add(seconds: Double) {
    add(name: "seconds")
    text.append((seconds * 1e6).rounded() / 1e6)
  }

  mutating func add(_ diagnostic: Diagnostic) {
    add("message", diagnostic.message)
    if let location = diagnostic.location { add("location", location.description) }
  }

  private mutating func add(name: String) {
    text.append(raw: separator)
    text.append(name)
    text.append(raw: ":")
    separator = ","
  }
}
