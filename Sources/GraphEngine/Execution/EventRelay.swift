import Diagnostics
import Synchronization

/// Hands events of all threads to one sink, one at a time, until the run ends; says whether the run was cancelled.
final class EventRelay: Sendable {
  private struct State {
    var sink: EventSink?
    var warnings: [Diagnostic] = []
    /// Nodes by the path that each claimed.
    var writers: [String: String] = [:]
  }

  private let state: Mutex<State>
  private let cancelled = Atomic(false)

  init(_ sink: EventSink?) { state = Mutex(State(sink: sink ?? { _ in })) }

  func send(_ event: RunEvent) {
    state.withLock { state in
      guard let sink = state.sink else { return }
      if case .warning(_, let warning) = event { state.warnings.append(warning) }
      sink(event)
    }
  }

  /// The node that has claimed a path before; nil when it is `node`'s now.
  func claim(_ path: String, for node: String) -> String? {
    state.withLock { state in
      let normalized = PathText.normalized(path)
      if let other = state.writers[normalized] { return other }
      state.writers[normalized] = node
      return nil
    }
  }

  /// What is sent from now on is dropped: it comes from a node that was abandoned.
  func close() { state.withLock { $0.sink = nil } }

  var warnings: [Diagnostic] { state.withLock { $0.warnings } }

  func cancel() { cancelled.store(true, ordering: .relaxed) }
  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
}
