import ArgumentParser
import Diagnostics
import GraphEngine
import Tensors

/// `stepgraph run`: executes a graph.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a graph, taking from the cache what it holds.",
    discussion: "Exit codes: 0 done, 1 a node failed, 2 the graph is invalid, 64 wrong usage, 130 interrupted.")

  @OptionGroup var options: RunOptions

  @Option(
    name: .customLong("check-determinism"),
    help: ArgumentHelp(
      "After the run compute so many nodes again, drawn at random, and compare the bits with those in the cache.",
      valueName: "n"))
  var compared: Int?

  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.")
  var quiet = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if let compared, compared < 1 {
      throw ValidationError("--check-determinism is \(compared); 1 or more was expected.")
    }
    if compared != nil, options.graph.settings.noCache {
      throw ValidationError("--check-determinism compares with the cache, which --no-cache turns off.")
    }
  }

  func run() async throws {
    try await reporting {
      options.useThreads()
      let record = RunRecord()
      do {
        try await execute(record)
      } catch {
        if json { try Terminal.write(jsonText(record.description(failure: error))) }
        throw error
      }
    }
  }

  private var showsProgress: Bool { !quiet && !json }

  private func execute(_ record: RunRecord) async throws {
    let graph = try options.graph.resolvedGraph()
    record.note(graph)
    if showsProgress { options.showDrawn(graph) }
    let log = try options.events.map(EventLog.init)
    let watcher = try options.latentPreview()
    let cache = options.cache
    let memory = cache.map { _ in MemoryCache() }
    let plan = try options.plan(graph, cache: cache, memory: memory, isShown: showsProgress)
    let progress = showsProgress ? options.progress(of: plan, cache) : nil
    let executor = options.executor(cache: cache, memory: memory, watcher: watcher) { event in
      log?.write(event)
      record.note(event)
      if case .warning(_, let diagnostic) = event {
        progress.map { $0.pause { Terminal.show([diagnostic]) } } ?? Terminal.show([diagnostic])
      }
      progress?.handle(event)
    }
    if progress != nil, !Terminal.drawsProgress {
      Terminal.writeError("\(countText(plan.runCount, "node")) to run, \(plan.hitCount) from the cache\n")
    }
    defer { progress?.finish() }
    _ = try await interruptible { try await executor.run(plan) }
    progress?.finish()
    if let problem = watcher?.problem {
      Terminal.show([Diagnostic("--preview: \(problem)", severity: .warning)])
    }
    if let compared {
      let comparing = Executor(cache: cache, memory: memory, numerics: Numerics.identifier) { event in
        log?.write(event)
        record.noteComparison(event)
      }
      if let comparison = try comparing.comparison(compared, of: plan) {
        _ = try await interruptible { try await comparing.run(comparison) }
      }
    }
    if let difference = record.difference { throw difference }
    if json {
      try Terminal.write(jsonText(record.description(failure: nil)))
    } else if !quiet {
      try Terminal.write(record.summary)
    }
  }
}
