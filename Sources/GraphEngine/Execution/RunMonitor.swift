import Synchronization

/// Guards a run that no thread of its own drives: whoever has done some of its work takes that up, and starts what can
/// start then.
///
/// So one node follows another on the same thread, and none has to be woken between them.
final class RunMonitor: Sendable {
  private struct Execution {
    var run: Run
    let caller: CheckedContinuation<Run, Never>
  }

  /// Nil before the run begins and after it has ended.
  private let execution = Mutex<Execution?>(nil)

  /// Lets a run go on to its end, and gives it back.
  func complete(_ run: Run) async -> Run {
    await withCheckedContinuation { caller in
      execution.withLock { $0 = Execution(run: run, caller: caller) }
      update { _ in }
    }
  }

  /// Changes the run and lets it go on; does nothing after its end, where work was left behind.
  func update(_ change: (inout Run) -> Void) {
    let ended = execution.withLock { execution -> Execution? in
      guard var current = execution.take() else { return nil }
      change(&current.run)
      current.run.startReady()
      guard current.run.isUnderWay else { return current }
      execution = current
      return nil
    }
    if let ended { ended.caller.resume(returning: ended.run) }
  }
}
