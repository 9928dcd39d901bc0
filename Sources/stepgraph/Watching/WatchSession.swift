import Diagnostics
import Dispatch
import Foundation
import GraphEngine
import StepgraphNodes
import Tensors

/// Runs a graph at every save, until it is interrupted.
///
/// All that happens comes in one after the other: files that changed, runs that ended, Ctrl-C.
@MainActor
final class WatchSession {
  private enum Happening: Sendable {
    case changed([String])
    case ended(Int, RunEnd)
    case interrupted
  }

  private enum RunEnd: Sendable {
    case done
    case cancelled
    case failed(DiagnosticList)
  }

  /// A run that is under way.
  private struct Current {
    let number: Int
    let plan: Plan
    let record: RunRecord
    let progress: ProgressDisplay?
    let preview: LatentPreview?
    let task: Task<Void, Never>
  }

  private let options: RunOptions
  private let isQuiet: Bool
  private let cache: DiskCache?
  private let memory: MemoryCache?
  private let log: EventLog?
  private let reader: GraphReader
  private var current: Current?
  private var count = 0
  /// The plan of the last run that came to its end.
  private var done: Plan?
  /// What earlier runs wrote, and the last one that came to its end.
  private var (own, written): (Set<String>, [String]) = ([], [])
  /// The errors that are on the screen.
  private var shownErrors = ""

  /// How long a broken file may take to become whole before its errors are shown, in all and between looks.
  private static let patience = (all: Duration.milliseconds(600), step: Duration.milliseconds(100))

  /// Throws `DiagnosticList` where events can't be written.
  init(_ options: RunOptions, isQuiet: Bool) throws {
    self.options = options
    self.isQuiet = isQuiet
    cache = options.cache
    memory = cache.map { _ in MemoryCache() }
    log = try options.events.map(EventLog.init)
    reader = GraphReader(options, cache: cache, memory: memory, isQuiet: isQuiet)
  }

  /// Throws `CancellationError` when it is interrupted in the middle of a run.
  func run() async throws {
    let (happenings, tell) = AsyncStream.makeStream(of: Happening.self)
    let watcher = FileWatcher { tell.yield(.changed($0)) }
    defer { watcher.stop() }
    let interrupt = Self.onInterrupt { tell.yield(.interrupted) }
    defer { interrupt.cancel() }
    tell.yield(.changed([]))
    for await happening in happenings {
      switch happening {
      case .changed(let paths): try await update(paths, watcher, tell)
      case .ended(let number, let end): if number == current?.number { finish(end, watcher) }
      case .interrupted:
        guard let current else { return }
        await cancel(current)
        throw CancellationError()
      }
    }
  }

  /// Calls `body` at the first Ctrl-C; a second one ends the process at once.
  private nonisolated static func onInterrupt(_ body: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler {
      body()
      signal(SIGINT, SIG_DFL)
    }
    source.resume()
    return source
  }

  // MARK: What happens

  private func update(
    _ changed: [String], _ watcher: FileWatcher, _ tell: AsyncStream<Happening>.Continuation
  ) async throws {
    guard var plan = try await plan(watcher) else { return }
    if let current {
      // A save of a comment, say.
      if plan.isSame(as: current.plan) { return }
      await cancel(current)
      say("\(names(changed)) changed: the run is cancelled")
      // What it computed is in the cache now.
      guard let again = try await self.plan(watcher) else { return }
      plan = again
    } else if let done, !changed.isEmpty, plan.isSame(as: done), written.allSatisfy({ access($0, F_OK) == 0 }) {
      return say("\(names(changed)) changed, but nothing that runs")
    }
    try start(plan, changed, tell)
  }

  /// The plan of the files as they are; nil after errors that were shown, which a save will mend.
  private func plan(_ watcher: FileWatcher) async throws -> Plan? {
    let start = ContinuousClock.now
    while true {
      let graph = reader.read(own: own)
      watcher.watch(graph.files)
      switch graph.plan {
      case .success(let plan):
        shownErrors = ""
        return plan
      case .failure(let list):
        // It may be in the middle of being written.
        if start.duration(to: .now) < Self.patience.all {
          try await Task.sleep(for: Self.patience.step)
          if !watcher.changes.isEmpty || count > 0 { continue }
        }
        show(list)
        return nil
      }
    }
  }

  private func start(
    _ plan: Plan, _ changed: [String], _ tell: AsyncStream<Happening>.Continuation
  ) throws {
    count += 1
    let number = count
    let record = RunRecord()
    record.note(plan.graph)
    explain(plan, changed)
    Terminal.show(plan.graph.warnings)
    let preview = try options.latentPreview()
    let progress = isQuiet ? nil : options.progress(of: plan, cache)
    let executor = options.executor(cache: cache, memory: memory, own: own, watcher: preview) { [log] event in
      log?.write(event)
      record.note(event)
      if case .warning(_, let diagnostic) = event {
        progress.map { $0.pause { Terminal.show([diagnostic]) } } ?? Terminal.show([diagnostic])
      }
      progress?.handle(event)
    }
    let task = Task.detached {
      let end: RunEnd
      do {
        _ = try await executor.run(plan)
        end = .done
      } catch is CancellationError {
        end = .cancelled
      } catch {
        end = .failed(error as? DiagnosticList ?? DiagnosticList([error as? Diagnostic ?? Diagnostic("\(error)")]))
      }
      tell.yield(.ended(number, end))
    }
    current = Current(
      number: number, plan: plan, record: record, progress: progress, preview: preview, task: task)
  }

  private func cancel(_ run: Current) async {
    run.task.cancel()
    await run.task.value
    run.progress?.finish()
    own.formUnion(run.record.files)
    current = nil
    done = nil
  }

  private func finish(_ end: RunEnd, _ watcher: FileWatcher) {
    guard let run = current else { return }
    current = nil
    run.progress?.finish()
    own.formUnion(run.record.files)
    // A folder or a link that is read may hold what is written.
    watcher.accept(run.record.files)
    if let problem = run.preview?.problem {
      Terminal.show([Diagnostic("--preview: \(problem)", severity: .warning)])
    }
    switch end {
    case .done:
      (done, written) = (run.plan, run.record.files)
      if !isQuiet { try? Terminal.write(run.record.summary) }
    case .failed(let list):
      done = nil
      // A node that read a file which changed meanwhile; the change itself comes next.
      if watcher.changes.isEmpty { show(list) }
    case .cancelled: done = nil
    }
  }

  // MARK: What is shown

  private func say(_ text: String) {
    if !isQuiet { Terminal.writeError("\(Self.time) \(text)\n") }
  }

  /// Errors, once.
  private func show(_ list: DiagnosticList) {
    let text = render(list.diagnostics, color: false)
    guard text != shownErrors else { return }
    shownErrors = text
    let tell = {
      Terminal.show(list.diagnostics)
      self.say("waiting for a change")
    }
    if let progress = current?.progress { progress.pause(tell) } else { tell() }
  }

  /// What runs, and why: what changed since the last run, where it is furthest upstream.
  private func explain(_ plan: Plan, _ changed: [String]) {
    guard !isQuiet else { return }
    let what = changed.isEmpty ? "" : "\(names(changed)) changed: "
    say("\(what)\(countText(plan.runCount, "node")) to run, \(plan.hitCount) from the cache")
    let explainer = Explainer(plan, cache: cache, numerics: Numerics.identifier)
    var causes: [RunComparison.Cause] = []
    for index in plan.nodes.indices where isCause(plan.nodes[index]) {
      for cause in explainer.explanation(of: index).causes where !causes.contains(cause) { causes.append(cause) }
    }
    let lines = RunComparison.Cause.lines(causes)
    for line in lines.prefix(Self.causesShown) { Terminal.writeError("  \(line)\n") }
    if lines.count > Self.causesShown { Terminal.writeError("  and \(lines.count - Self.causesShown) more\n") }
  }

  private static let causesShown = 4

  private func isCause(_ node: PlannedNode) -> Bool {
    guard node.action == .run else { return false }
    if case .inputRuns = node.reason { return false }
    return true
  }

  private func names(_ paths: [String]) -> String {
    let shown = paths.prefix(2).map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: ", ")
    return paths.count > 2 ? "\(shown) and \(paths.count - 2) more" : shown
  }

  private static var time: String {
    let now = Calendar.current.dateComponents([.hour, .minute, .second], from: Date())
    return String(format: "%02d:%02d:%02d", now.hour ?? 0, now.minute ?? 0, now.second ?? 0)
  }
}
