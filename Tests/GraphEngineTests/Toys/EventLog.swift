import GraphEngine
import Synchronization

/// Keeps a run's events.
final class EventLog: Sendable {
  private let log = Mutex<[RunEvent]>([])

  var sink: EventSink { { event in self.log.withLock { $0.append(event) } } }
  var events: [RunEvent] { log.withLock { $0 } }

  /// Nodes that finished in the given way, in the order they did.
  func nodes(_ wanted: RunEvent.Source) -> [String] {
    events.compactMap { event in
      if case .finished(let node, _, wanted, _, _) = event { node } else { nil }
    }
  }

  /// Nodes that finished together, in the order they did.
  var batches: [[String]] {
    var batches: [[String]] = []
    for case .finished(_, _, _, _, let batch) in events where !batch.isEmpty && batches.last != batch {
      batches.append(batch)
    }
    return batches
  }

  /// Nodes that failed.
  var failed: [String] {
    events.compactMap { event in
      if case .failed(let node, _, _) = event { node } else { nil }
    }
  }

  /// Parts of handles that were loaded.
  var loaded: [String] {
    events.compactMap { event in
      if case .loaded(let node, _, let part, _) = event { "\(node).\(part)" } else { nil }
    }
  }

  var warnings: [String] {
    events.compactMap { event in
      if case .warning(_, let diagnostic) = event { diagnostic.message } else { nil }
    }
  }
}
