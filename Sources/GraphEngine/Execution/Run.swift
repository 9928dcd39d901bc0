import Diagnostics

/// What worker threads tell the run.
enum RunMessage: Sendable {
  case finished(node: Int, outputs: Result<[any WireValue], any Error>, seconds: Double)
  /// Outputs of a hit, nil for those not asked for; nil in all when they could not be read.
  case read(node: Int, outputs: [(any WireValue)?]?, seconds: Double)
  case stored
  case cancelled
  case graceOver
}

/// One execution of a plan: fills free lanes, waits for one result, takes it up, and so on.
struct Run {
  private var schedule: Schedule
  private let cache: DiskCache?
  private let relay: EventRelay
  private let mailbox: Mailbox<RunMessage>
  private var failure: Diagnostic?
  /// Nodes under way, by lane; reads count as io.
  private var computing = 0
  private var inIO = 0
  private var storing = 0
  private var isGraceOver = false

  /// More results than this waiting to be written hold up the next node, so that they do not fill the memory.
  private static let storeLimit = 16
  /// How long a node that computes may go on after the user interrupts the run.
  private static let grace: Duration = .seconds(1)

  init(_ plan: Plan, cache: DiskCache?, relay: EventRelay, mailbox: Mailbox<RunMessage>) {
    schedule = Schedule(plan)
    self.cache = cache
    self.relay = relay
    self.mailbox = mailbox
  }

  mutating func execute() async throws -> RunResult {
    let clock = ContinuousClock()
    let start = clock.now
    let plan = schedule.plan
    relay.send(.planned(nodes: plan.nodes.count, run: plan.runCount, hit: plan.hitCount))
    reportCacheWarning()
    while true {
      fillLanes()
      if let message = mailbox.poll() {
        take(message)
      } else if mayStart, let node = schedule.takeReady(.inline) {
        takeUp(runNow(node))
      } else if isUnderWay {
        take(await mailbox.receive())
      } else {
        break
      }
    }
    reportCacheWarning()
    if let failure { throw failure }
    guard schedule.isComplete else {
      precondition(relay.isCancelled, "nodes are left that nothing can start")
      relay.send(.cancelled)
      throw CancellationError()
    }
    let seconds = (clock.now - start).seconds
    relay.send(.done(seconds: seconds))
    return RunResult(outputs: schedule.outputs, warnings: relay.warnings, seconds: seconds)
  }

  private var mayStart: Bool { failure == nil && !relay.isCancelled && storing < Self.storeLimit }

  /// A node that computes on after the grace is left behind: nothing takes up its result.
  private var isUnderWay: Bool { inIO > 0 || storing > 0 || (computing > 0 && !isGraceOver) }

  // MARK: Starting

  /// Nodes that run go before reads: a sink frees what a read would only add to.
  private mutating func fillLanes() {
    while mayStart, computing == 0, let node = schedule.takeReady(.compute) {
      computing += 1
      submit(node, to: .compute)
    }
    while mayStart, inIO < 2 {
      if let node = schedule.takeReady(.io) {
        inIO += 1
        submit(node, to: .io)
      } else if let node = schedule.takeRead() {
        inIO += 1
        read(node)
      } else {
        return
      }
    }
  }

  private func job(_ node: Int) -> NodeJob {
    let plan = schedule.plan
    if plan.nodes[node].action == .run {
      relay.send(.started(node: plan.graph.nodes[node].address, type: plan.graph.nodes[node].declaration.info.type))
    }
    return NodeJob(
      node: plan.graph.nodes[node], inputs: schedule.inputs(of: node), workflow: plan.graph.workflow(of: node),
      events: relay)
  }

  private func submit(_ node: Int, to threads: WorkerThreads) {
    let job = job(node)
    threads.submit { [mailbox] in mailbox.send(Self.finished(node, job)) }
  }

  private func runNow(_ node: Int) -> RunMessage { Self.finished(node, job(node)) }

  private static func finished(_ node: Int, _ job: NodeJob) -> RunMessage {
    let (outputs, seconds) = timed { Result { try job.run() } }
    return .finished(node: node, outputs: outputs, seconds: seconds)
  }

  private func read(_ node: Int) {
    guard let cache, let entry = schedule.plan.entries[node] else { preconditionFailure("a hit without an entry") }
    let declarations = schedule.plan.graph.nodes[node].declaration.outputs
    let needed = schedule.neededOutputs(of: node)
    WorkerThreads.io.submit { [mailbox] in
      let (outputs, seconds) = Self.timed { cache.read(needed, of: entry, as: declarations) }
      mailbox.send(.read(node: node, outputs: outputs, seconds: seconds))
    }
  }

  // MARK: Taking up results

  private mutating func take(_ message: RunMessage) {
    switch message {
    case .finished(let node, _, _):
      switch schedule.plan.graph.nodes[node].declaration.info.lane {
      case .compute: computing -= 1
      case .io: inIO -= 1
      case .inline: break
      }
      takeUp(message)
    case .read(let node, let outputs, let seconds):
      inIO -= 1
      if let outputs {
        if schedule.neededOutputs(of: node).allSatisfy({ outputs[$0] != nil }) {
          finish(node, outputs: outputs, source: .disk, seconds: seconds)
        } else {
          schedule.readAgain(node)
        }
      } else {
        let (plan, cache) = (schedule.plan, cache)
        schedule.recompute(node) { index in
          plan.key(of: index).flatMap {
            cache?.entry(for: $0, outputs: plan.graph.nodes[index].declaration.outputs)
          }
        }
      }
    case .stored:
      storing -= 1
      reportCacheWarning()
    case .cancelled:
      Task.detached { [mailbox] in
        try? await Task.sleep(for: Self.grace)
        mailbox.send(.graceOver)
      }
    case .graceOver:
      isGraceOver = true
    }
  }

  private mutating func takeUp(_ message: RunMessage) {
    guard case .finished(let node, let result, let seconds) = message else { return }
    switch result {
    case .success(let outputs):
      // What the node read may not be what its key says.
      if let path = schedule.plan.changedSource() {
        fail(node, NodeFailure("'\(path)' changed while the run was under way; run it again"))
        return
      }
      store(node, outputs, seconds: seconds)
      finish(node, outputs: outputs, source: .executed, seconds: seconds)
    case .failure(is CancellationError) where relay.isCancelled:
      break
    case .failure(let error):
      fail(node, error)
    }
  }

  private mutating func fail(_ node: Int, _ error: any Error) {
    let resolved = schedule.plan.graph.nodes[node]
    let diagnostic = error as? Diagnostic ?? resolved.diagnostic(for: error)
    relay.send(.failed(node: resolved.address, type: resolved.declaration.info.type, diagnostic))
    if failure == nil { failure = diagnostic }
  }

  private mutating func finish(
    _ node: Int, outputs: [(any WireValue)?], source: RunEvent.Source, seconds: Double
  ) {
    let isHandle = schedule.plan.nodes[node].action == .open
    let sharers = schedule.finish(node, outputs: outputs)
    if isHandle { return }
    reportFinished(node, source, seconds)
    for sharer in sharers { reportFinished(sharer, .shared, 0) }
  }

  private func reportFinished(_ node: Int, _ source: RunEvent.Source, _ seconds: Double) {
    let resolved = schedule.plan.graph.nodes[node]
    relay.send(
      .finished(node: resolved.address, type: resolved.declaration.info.type, source: source, seconds: seconds))
  }

  private mutating func store(_ node: Int, _ outputs: [any WireValue], seconds: Double) {
    guard let cache, schedule.plan.isKept[node], schedule.plan.nodes[node].action == .run,
      let key = schedule.plan.key(of: node), let descriptor = schedule.plan.descriptor(of: node)
    else { return }
    storing += 1
    let resolved = schedule.plan.graph.nodes[node]
    WorkerThreads.store.submit { [mailbox, relay] in
      do {
        cache.store(
          key: key, node: resolved.declaration.info.type, descriptor: descriptor, seconds: seconds,
          outputs: try zip(resolved.declaration.outputs, outputs).map { declaration, value in
            (declaration.name, declaration.type.name, try value.encoded())
          })
      } catch {
        var warning = resolved.diagnostic(for: error)
        warning.severity = .warning
        relay.send(.warning(node: resolved.address, warning))
      }
      mailbox.send(.stored)
    }
  }

  private func reportCacheWarning() {
    if let warning = cache?.takeWarning() {
      relay.send(.warning(node: nil, Diagnostic(warning, severity: .warning)))
    }
  }

  private static func timed<Value>(_ body: () -> Value) -> (Value, seconds: Double) {
    let clock = ContinuousClock()
    let start = clock.now
    let value = body()
    return (value, (clock.now - start).seconds)
  }
}

extension Duration {
  fileprivate var seconds: Double { self / .seconds(1) }
}

extension DiskCache {
  /// Outputs of an entry, only those at `positions`; nil when one is missing, damaged or not of its type.
  fileprivate func read(
    _ positions: [Int], of entry: CacheEntry, as declarations: [OutputDeclaration]
  ) -> [(any WireValue)?]? {
    var values: [(any WireValue)?] = Array(repeating: nil, count: declarations.count)
    for position in positions {
      guard let bytes = blob(entry.outputs[position].blob),
        let value = try? bytes.withUnsafeBytes({ try declarations[position].decode($0) })
      else { return nil }
      values[position] = value
    }
    touch(entry)
    return values
  }
}
