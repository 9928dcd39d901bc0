import Diagnostics

/// One execution of a plan: takes up what was done, fills the lanes that are free, and so on.
struct Run: Sendable {
  private var schedule: Schedule
  private let caches: ResultCaches
  private var keeping = KeepingPolicy()
  private var warnings = WarningMemory()
  private let relay: EventRelay
  /// Told by the threads that work for the run what they did.
  private let monitor: RunMonitor
  private let recorder: RunRecorder?
  private let watcher: (any RunWatcher)?
  /// The workflow's path, absolute.
  private let workflow: String
  private let start = ContinuousClock.now
  private var failure: (any Error)?
  /// Nodes under way, by lane; reads count as io.
  private var computing = 0
  private var inIO = 0
  private var storing = 0
  private var isGraceOver = false

  /// More results than this waiting to be written hold up the next node, so that they do not fill the memory.
  private static let storeLimit = 16

  init(
    _ plan: Plan, caches: ResultCaches, batches: Bool, relay: EventRelay, monitor: RunMonitor,
    recorder: RunRecorder?, watcher: (any RunWatcher)? = nil
  ) {
    schedule = Schedule(plan, batches: batches)
    workflow = RunManifest.absolutePath(plan.graph.path)
    self.caches = caches
    self.relay = relay
    self.monitor = monitor
    self.recorder = recorder
    self.watcher = watcher
  }

  /// Executes the plan; throws what the first node that failed threw, as a list if that is a handle that cannot be opened, or
  /// `CancellationError`.
  func execute() async throws -> RunResult {
    let plan = schedule.plan
    relay.send(.planned(nodes: plan.nodes.count, run: plan.runCount, hit: plan.hitCount))
    reportCacheWarning()
    return try await monitor.complete(self).result()
  }

  private func result() throws -> RunResult {
    reportCacheWarning()
    watcher?.settle(isCancelled: relay.isCancelled)
    if let failure { throw failure }
    guard schedule.isComplete else {
      precondition(relay.isCancelled, "nodes are left that nothing can start")
      relay.send(.cancelled)
      throw CancellationError()
    }
    let seconds = (ContinuousClock.now - start).seconds
    relay.send(.done(seconds: seconds))
    return RunResult(outputs: schedule.outputs, warnings: relay.warnings, seconds: seconds)
  }

  private var mayStart: Bool { failure == nil && !relay.isCancelled && storing < Self.storeLimit }

  /// A node that computes on after the grace is left behind: nothing takes up its result.
  var isUnderWay: Bool { inIO > 0 || storing > 0 || (computing > 0 && !isGraceOver) }

  // MARK: Starting

  /// Starts what can start.
  mutating func startReady() {
    while mayStart, startNext() {}
  }

  /// Starts a node, or runs it here if it needs no thread of its own; false when none can start now.
  ///
  /// Nodes that run go before reads: a sink frees what a read would only add to.
  private mutating func startNext() -> Bool {
    if computing == 0, let node = schedule.takeReady(.compute) {
      computing += 1
      submit(batch(with: node), to: .compute) { $0.computing -= 1 }
    } else if inIO < 2, let node = schedule.takeReady(.io) {
      inIO += 1
      submit(batch(with: node), to: .io) { $0.inIO -= 1 }
    } else if inIO < 2, let node = schedule.takeRead() {
      read(node)
    } else if let node = schedule.takeReady(.inline) {
      takeUp(batch(with: node).run())
    } else {
      return false
    }
    return true
  }

  /// Takes nodes that can run together with one that was taken, and tells that they start.
  private mutating func batch(with node: Int) -> NodeBatch {
    var batch = NodeBatch(job(node))
    for other in schedule.readyAlike(node) where batch.add(job(other)) { schedule.take(other) }
    let plan = schedule.plan
    for job in batch.jobs where plan.nodes[job.index].action == .run {
      let (address, type) = (job.node.address, job.node.declaration.info.type)
      relay.send(.started(node: address, type: type, batch: batch.addresses))
    }
    return batch
  }

  private func job(_ node: Int) -> NodeJob {
    let plan = schedule.plan
    return NodeJob(
      index: node, node: plan.graph.nodes[node], key: plan.key(of: node), inputs: schedule.inputs(of: node),
      workflow: plan.graph.workflow(of: node), events: relay)
  }

  private func submit(
    _ batch: NodeBatch, to threads: WorkerThreads, leavingLane: @escaping @Sendable (inout Run) -> Void
  ) {
    threads.submit { [monitor] in
      let results = batch.run()
      monitor.update { run in
        leavingLane(&run)
        run.takeUp(results)
      }
    }
  }

  private mutating func read(_ node: Int) {
    let declarations = schedule.plan.graph.nodes[node].declaration.outputs
    switch (schedule.plan.hits[node], caches.disk) {
    case (.memory(let item), _):
      finish(node, outputs: item.values, source: .memory, seconds: 0)
    case (.disk(let entry), let cache?):
      inIO += 1
      let needed = schedule.neededOutputs(of: node)
      WorkerThreads.io.submit { [monitor] in
        let (outputs, seconds) = timed { cache.values(needed, of: entry, as: declarations) }
        monitor.update { $0.takeUpRead(node, outputs, seconds: seconds) }
      }
    default: preconditionFailure("a hit without its results")
    }
  }

  // MARK: Taking up results

  /// Takes up what was read of a hit: nil for outputs not asked for, nil in all if they could not be read.
  private mutating func takeUpRead(_ node: Int, _ outputs: [(any WireValue)?]?, seconds: Double) {
    inIO -= 1
    reportCacheWarning()
    guard let outputs else { return schedule.recompute(node, caches: caches) }
    guard schedule.neededOutputs(of: node).allSatisfy({ outputs[$0] != nil }) else { return schedule.readAgain(node) }
    if case .disk(let entry)? = schedule.plan.hits[node] {
      keeping.noteRead(node, bytes: entry.outputs.reduce(0) { $0 &+ $1.size })
    }
    finish(node, outputs: outputs, source: .disk, seconds: seconds)
  }

  private mutating func takeUpStored() {
    storing -= 1
    reportCacheWarning()
  }

  /// Nothing waits any longer for a node that computes.
  mutating func endGrace() { isGraceOver = true }

  private mutating func takeUp(_ results: [NodeResult]) {
    // What a node read may not be what its key says.
    let changed = schedule.plan.changedSource()
    for result in results {
      let node = result.index
      switch result.outcome {
      case .success(let outcome):
        if let changed {
          fail(node, NodeFailure("'\(changed)' changed while the run was under way; run it again"))
          continue
        }
        warnings.add(
          outcome.warnings, of: node, isHandle: schedule.plan.nodes[node].action == .open,
          inputs: schedule.producers(of: node))
        let job = storeJob(node, outcome.outputs, seconds: result.seconds)
        let ticket = finish(
          node, outputs: outcome.outputs, source: .executed, seconds: result.seconds, batch: result.batch,
          isHeld: job != nil)
        if let job, let ticket { submit(job, releasing: ticket) } else { recordUnkept(node, outcome.outputs) }
      case .failure(is CancellationError) where relay.isCancelled:
        break
      case .failure(let error):
        fail(node, error)
      }
    }
  }

  private mutating func fail(_ node: Int, _ error: any Error) {
    let resolved = schedule.plan.graph.nodes[node]
    let diagnostic = error as? Diagnostic ?? resolved.diagnostic(for: error)
    relay.send(.failed(node: resolved.address, type: resolved.declaration.info.type, diagnostic))
    guard failure == nil else { return }
    // A handle that cannot be opened is what the workflow names, and no step that went wrong.
    let isOpening = schedule.plan.nodes[node].action == .open
    failure = isOpening ? DiagnosticList([diagnostic]) : diagnostic
  }

  /// Hands a node's outputs on; the event that tells so is held for a ticket if something is yet to be done for it.
  @discardableResult
  private mutating func finish(
    _ node: Int, outputs: [(any WireValue)?], source: RunEvent.Source, seconds: Double, batch: [String] = [],
    isHeld: Bool = false
  ) -> Int? {
    let plan = schedule.plan
    let isHandle = plan.nodes[node].action == .open
    let sharers = schedule.finish(node, outputs: outputs)
    watcher?.finished(plan.graph.nodes[node], outputs: outputs) { [relay] in relay.send($0) }
    if isHandle { return nil }
    if let hit = plan.hits[node] {
      repeatWarnings(hit.warnings, of: node)
      recorder?.note(hit, of: plan.graph.nodes[node])
    }
    func finished(_ index: Int, _ source: RunEvent.Source, _ seconds: Double, _ batch: [String] = []) -> RunEvent {
      let resolved = plan.graph.nodes[index]
      return .finished(
        node: resolved.address, type: resolved.declaration.info.type, source: source, seconds: seconds, batch: batch)
    }
    let event = finished(node, source, seconds, batch)
    let ticket = isHeld ? relay.hold(event) : nil
    if ticket == nil { relay.send(event) }
    for sharer in sharers { relay.send(finished(sharer, .shared, 0)) }
    return ticket
  }

  /// Tells what was said when results were made that come from a cache now, at the nodes that said it.
  private mutating func repeatWarnings(_ kept: [NodeWarning], of node: Int) {
    let plan = schedule.plan
    for warning in warnings.repeating(kept, of: node) {
      let origin = plan.keys.nodeKeys.firstIndex(of: warning.origin) ?? node
      let resolved = plan.graph.nodes[origin]
      relay.send(
        .warning(
          node: resolved.address,
          Diagnostic(warning.message, at: resolved.location(of: warning.port), severity: .warning)))
    }
  }

  /// What is to be done to keep a node's results on disk, or to compare them; keeps them in memory where that is their
  /// place.
  private mutating func storeJob(_ node: Int, _ outputs: [any WireValue], seconds: Double) -> StoreJob? {
    let plan = schedule.plan
    guard plan.nodes[node].action == .run, plan.policies[node] != .none, let key = plan.key(of: node) else {
      return nil
    }
    let bytes = outputs.reduce(0) { $0 + $1.byteCount }
    let isWorth = keeping.isWorthKeeping(node, bytes: bytes, seconds: seconds, inputs: schedule.producers(of: node))
    if let disk = caches.disk,
      plan.compared[node] != nil || (disk.keepsResults && plan.policies[node] == .disk && isWorth),
      let descriptor = plan.descriptor(of: node)
    {
      let ancestors = plan.ancestorDescriptors(of: node) { [keeping] in
        plan.policies[$0] == .disk && !keeping.isUnkept($0)
      }
      return StoreJob(
        node: plan.graph.nodes[node], workflow: workflow, key: key, descriptor: descriptor, ancestors: ancestors,
        outputs: outputs,
        warnings: warnings[node], seconds: seconds, compared: plan.compared[node])
    }
    caches.memory?.keep(MemoryCache.Item(values: outputs, warnings: warnings[node]), for: key)
    return nil
  }

  private mutating func submit(_ job: StoreJob, releasing ticket: Int) {
    guard let disk = caches.disk else { preconditionFailure("nothing to store in") }
    storing += 1
    WorkerThreads.store.submit { [monitor, relay, recorder] in
      job.run(in: disk, events: relay, recorder: recorder)
      relay.release(ticket)
      monitor.update { $0.takeUpStored() }
    }
  }

  /// Records what the outputs are that are not kept on disk.
  private mutating func recordUnkept(_ node: Int, _ outputs: [any WireValue]) {
    let resolved = schedule.plan.graph.nodes[node]
    guard let recorder, !outputs.isEmpty, outputs.allSatisfy({ type(of: $0).wireType.isCacheable }) else { return }
    storing += 1
    WorkerThreads.store.submit { [monitor] in
      recorder.note(values: outputs, of: resolved)
      monitor.update { $0.takeUpStored() }
    }
  }

  private func reportCacheWarning() {
    if let warning = caches.disk?.takeWarning() {
      relay.send(.warning(node: nil, Diagnostic(warning, severity: .warning)))
    }
  }
}
