import ArgumentParser
import Diagnostics
import DiffusionModels
import Dispatch
import Foundation
import GraphEngine
import Safetensors
import StepgraphNodes
import Tensors

/// `stepgraph run`: executes a graph.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a graph, taking from the cache what it holds.",
    discussion: "Exit codes: 0 done, 1 a node failed, 2 the graph is invalid, 64 wrong usage, 130 interrupted.")

  @OptionGroup var options: GraphOptions

  @Option(help: ArgumentHelp("How many cores to use; all that this process may use when left out.", valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp("Write what happens to this file, a JSON object a line.", valueName: "file"), completion: .file()
  )
  var events: String?

  @Option(
    help: ArgumentHelp(
      "Write the picture as it forms to this PNG file, or after each step to a file of its own in this folder.",
      valueName: "file|folder"), completion: .file())
  var preview: String?

  @Option(
    name: .customLong("preview-vae"),
    help: ArgumentHelp(
      "Show previews with this VAE, such as a TAESD, in place of the model's own: a folder or file as LoadVAE opens.",
      valueName: "path"), completion: .file())
  var previewVAE: String?

  @Flag(
    name: .customLong("no-batch"),
    help: "Run the predictions of a step one by one instead of together: a little slower, the same bits, less memory.")
  var noBatch = false

  @OptionGroup var writing: CacheWritingOptions

  @Option(
    help: ArgumentHelp(
      "Compute this node again, and all that follows from it, though the cache holds it; may be repeated.",
      valueName: "node"), completion: Completions.addresses)
  var refresh: [String] = []

  @Option(
    name: .customLong("check-determinism"),
    help: ArgumentHelp(
      "After the run compute so many nodes again, drawn at random, and compare the bits with those in the cache.",
      valueName: "n"))
  var compared: Int?

  @Flag(help: "Replace pictures of other workflows; without it a run on a terminal leaves them as they are.")
  var overwrite = false

  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.")
  var quiet = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); 1 or more was expected.") }
    if let compared, compared < 1 {
      throw ValidationError("--check-determinism is \(compared); 1 or more was expected.")
    }
    if previewVAE != nil, preview == nil {
      throw ValidationError("--preview-vae says how --preview shows latents, which is missing.")
    }
    if compared != nil, options.settings.noCache {
      throw ValidationError("--check-determinism compares with the cache, which --no-cache turns off.")
    }
  }

  func run() async throws {
    try await reporting {
      if let threads { Parallel.threadCount = threads }
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
    let graph = try options.resolvedGraph()
    record.note(graph)
    if showsProgress {
      for drawn in graph.parameters where drawn.isDrawn { Terminal.writeError("\(drawn.name)=\(drawn.text)\n") }
      for drawn in graph.axes where drawn.isDrawn {
        Terminal.writeError("\(drawn.name)=\(drawn.texts.joined(separator: ","))\n")
      }
    }
    let log = try events.map(EventLog.init)
    let watcher = try latentPreview()
    let cache =
      options.settings.noCache ? nil : DiskCache(at: options.settings.cacheLocation.path, settings: writing.settings)
    let memory = cache.map { _ in MemoryCache() }
    let refreshed = try graph.nodesToRefresh(refresh, option: "--refresh")
    let plan = try options.settings.plan(
      graph, cache: cache, memory: memory, refreshing: refreshed, isShown: showsProgress)
    // Whoever sits at a terminal can be asked.
    let keepsOthers = !overwrite && Terminal.drawsProgress
    if keepsOthers { try plan.requireOwnPictures() }
    let progress = showsProgress ? ProgressDisplay(plan: plan, expected: expectedTimes(of: plan, from: cache)) : nil
    let executor = Executor(
      cache: cache, memory: memory, numerics: Numerics.identifier, batches: !noBatch, keepsOthers: keepsOthers,
      watcher: watcher
    ) { event in
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

  /// What `--preview` and `--preview-vae` ask for.
  ///
  /// Throws `DiagnosticList` for a file of another format, and for what is no VAE.
  private func latentPreview() throws -> LatentPreview? {
    guard let preview else { return nil }
    func refusal(_ option: String, _ message: String) -> DiagnosticList {
      DiagnosticList([Diagnostic("--\(option): \(message)")])
    }
    do {
      let model = try previewVAE.map { try Model(path: $0) }
      try model?.requirePart(.vae)
      try model?.survey(.vae)
      return try LatentPreview(path: preview, vae: model)
    } catch let error as FileError {
      throw refusal("preview", error.message)
    } catch let error as ModelError {
      throw refusal("preview-vae", error.message)
    } catch let error as WeightFileError {
      throw refusal("preview-vae", error.message)
    }
  }

  /// From the last few runs, which are enough for a guess and quick to read; a run that only writes needs none.
  private func expectedTimes(of plan: Plan, from cache: DiskCache?) -> [Double?] {
    let known = plan.onlyWrites ? [] : cache?.recentManifests(nodes: 1000) ?? []
    return ExpectedTimes(of: plan, from: known).seconds
  }

  /// Cancels `body` at the first Ctrl-C, which then ends cleanly; a second one ends the process at once.
  private func interruptible<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let task = Task { try await body() }
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler {
      task.cancel()
      signal(SIGINT, SIG_DFL)
    }
    source.resume()
    defer { source.cancel() }
    return try await task.value
  }
}
