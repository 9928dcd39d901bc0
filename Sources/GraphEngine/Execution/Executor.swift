import Diagnostics

/// Plans and runs graphs.
package struct Executor: Sendable {
  /// Nil: nothing is read from disk or kept there.
  package let cache: DiskCache?
  /// Nil: nothing is remembered from run to run but on disk.
  package let memory: MemoryCache?
  /// Names everything about this machine and build that decides the numbers of compute nodes.
  package let numerics: String
  /// Whether nodes run together that can, or all one by one: the results are the same.
  package let batches: Bool
  /// What sinks do with files that other workflows wrote.
  package let others: FilesOfOthers
  package let events: EventSink?
  /// Sees results as they come.
  package let watcher: (any RunWatcher)?

  /// How long a node that computes may go on after the user interrupts the run, which is over within a second.
  private static let grace: Duration = .milliseconds(800)

  package init(
    cache: DiskCache?, memory: MemoryCache? = nil, numerics: String, batches: Bool = true,
    others: FilesOfOthers = FilesOfOthers(), watcher: (any RunWatcher)? = nil, events: EventSink? = nil
  ) {
    self.cache = cache
    self.memory = memory
    self.numerics = numerics
    self.batches = batches
    self.others = others
    self.events = events
    self.watcher = watcher
  }

  /// Throws `DiagnosticList` when files that nodes read are missing or wrong.
  package func plan(_ graph: ResolvedGraph, options: PlanOptions = PlanOptions()) throws -> Plan {
    try makePlan(graph, cache: cache, memory: memory, numerics: numerics, options: options)
  }

  /// Executes what the plan says is to run.
  ///
  /// Throws a `Diagnostic` when a node fails, after what was under way is finished and kept, and `CancellationError`
  /// when the task is cancelled.
  package func run(_ plan: Plan) async throws -> RunResult {
    let recorder = plan.compared.isEmpty ? cache.map { RunRecorder(plan, numerics: numerics, cache: $0) } : nil
    let relay = EventRelay(others: others) { [events] event in
      recorder?.note(event)
      events?(event)
    }
    defer { relay.close() }
    let monitor = RunMonitor()
    return try await withTaskCancellationHandler {
      async let _ = markUsed(plan)
      defer { cache?.settle() }
      let run = Run(
        plan, caches: ResultCaches(disk: cache, memory: memory), batches: batches, relay: relay, monitor: monitor,
        recorder: recorder, watcher: watcher)
      // A record that could not be written is told like any other trouble of the cache.
      func record(_ state: RunManifest.State, failure: String? = nil) {
        recorder?.finish(state, failure: failure)
        if let warning = cache?.takeWarning() {
          relay.send(.warning(node: nil, Diagnostic(warning, severity: .warning)))
        }
      }
      for warning in plan.warnings { relay.send(.warning(node: nil, warning)) }
      do {
        let result = try await run.execute()
        record(.done)
        return result
      } catch is CancellationError {
        record(.interrupted)
        throw CancellationError()
      } catch {
        record(
          .failed,
          failure: (error as? Diagnostic ?? (error as? DiagnosticList)?.diagnostics.first)?.message ?? "\(error)")
        throw error
      }
    } onCancel: {
      relay.cancel()
      Task.detached {
        // A run in which nothing is under way ends now.
        monitor.update { _ in }
        try? await Task.sleep(for: Self.grace)
        monitor.update { $0.endGrace() }
      }
    }
  }

  package func run(_ graph: ResolvedGraph) async throws -> RunResult { try await run(plan(graph)) }

  /// The whole graph counts as used, although one hit at its end may be all that is read: work may go on anywhere.
  private func markUsed(_ plan: Plan) async {
    guard let cache else { return }
    await withCheckedContinuation { done in
      WorkerThreads.store.submit {
        cache.markUsed(plan.keys.nodeKeys.lazy.compactMap { $0 })
        done.resume()
      }
    }
  }
}

/// What a run that came to its end leaves.
package struct RunResult: Sendable {
  /// Values of the workflow's `outputs`.
  package let outputs: [String: any WireValue]
  package let warnings: [Diagnostic]
  package let seconds: Double
}
