import Diagnostics
import Synchronization

/// Hands events of all threads to one sink, one at a time and in order, until the run ends; says whether the run was
/// cancelled.
///
/// An event may be held, until what it tells is on the disk; those sent later wait for it.
final class EventRelay: Sendable {
  private struct State {
    var sink: EventSink?
    var warnings: [Diagnostic] = []
    /// Events not handed on yet, from the first one that is held.
    var waiting: [(event: RunEvent, ticket: Int?)] = []
    var tickets = 0
    /// Nodes by the path that each claimed.
    var writers: [String: String] = [:]
  }

  private let state: Mutex<State>
  private let cancelled = Atomic(false)

  /// What becomes of files that other workflows wrote.
  let others: FilesOfOthers

  init(others: FilesOfOthers = FilesOfOthers(), _ sink: EventSink?) {
    self.others = others
    state = Mutex(State(sink: sink ?? { _ in }))
  }

  func send(_ event: RunEvent) {
    state.withLock { state in
      if case .warning(_, let warning) = event, state.sink != nil { state.warnings.append(warning) }
      if state.waiting.isEmpty { state.sink?(event) } else { state.waiting.append((event, nil)) }
    }
  }

  /// Sends an event that is handed on when its ticket, which is returned, is given to `release`.
  func hold(_ event: RunEvent) -> Int {
    state.withLock { state in
      state.tickets += 1
      state.waiting.append((event, state.tickets))
      return state.tickets
    }
  }

  func release(_ ticket: Int) {
    state.withLock { state in
      if let held = state.waiting.firstIndex(where: { $0.ticket == ticket }) { state.waiting[held].ticket = nil }
      let ready = state.waiting.prefix { $0.ticket == nil }
      for (event, _) in ready { state.sink?(event) }
      state.waiting.removeFirst(ready.count)
    }
  }

  /// The node that has claimed a place before; nil when it is `node`'s now.
  func claim(_ place: String, for node: String) -> String? {
    state.withLock { state in
      let normalized = PathText.normalized(place)
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
