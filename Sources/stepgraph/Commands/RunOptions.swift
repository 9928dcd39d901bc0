import ArgumentParser
import Diagnostics
import DiffusionModels
import GraphEngine
import Safetensors
import StepgraphNodes
import Tensors

/// How a graph is run, by `run` and by `watch`.
struct RunOptions: ParsableArguments {
  @OptionGroup var graph: GraphOptions

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

  @Flag(help: "Replace pictures of other workflows; without it a run on a terminal leaves them as they are.")
  var overwrite = false

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads is \(threads); 1 or more was expected.") }
    if previewVAE != nil, preview == nil {
      throw ValidationError("--preview-vae says how --preview shows latents, which is missing.")
    }
  }

  // MARK: Parts of a run

  func useThreads() {
    if let threads { Parallel.threadCount = threads }
  }

  /// Nil with `--no-cache`.
  var cache: DiskCache? {
    graph.settings.noCache ? nil : DiskCache(at: graph.settings.cacheLocation.path, settings: writing.settings)
  }

  /// Whoever sits at a terminal can be asked.
  private var keepsOthers: Bool { !overwrite && Terminal.drawsProgress }

  /// Tells what was drawn for `random`.
  func showDrawn(_ graph: ResolvedGraph) {
    for drawn in graph.parameters where drawn.isDrawn { Terminal.writeError("\(drawn.name)=\(drawn.text)\n") }
    for drawn in graph.axes where drawn.isDrawn {
      Terminal.writeError("\(drawn.name)=\(drawn.texts.joined(separator: ","))\n")
    }
  }

  /// - Parameter own: pictures that earlier runs of the session wrote.
  func plan(
    _ resolved: ResolvedGraph, cache: DiskCache?, memory: MemoryCache?, own: Set<String> = [], isShown: Bool
  ) throws -> Plan {
    let refreshed = try resolved.nodesToRefresh(refresh, option: "--refresh")
    let plan = try graph.settings.plan(
      resolved, cache: cache, memory: memory, refreshing: refreshed, isShown: isShown)
    if keepsOthers { try plan.requireOwnPictures(besides: own) }
    return plan
  }

  func progress(of plan: Plan, _ cache: DiskCache?) -> ProgressDisplay {
    ProgressDisplay(plan: plan, expected: expectedTimes(of: plan, from: cache))
  }

  func executor(
    cache: DiskCache?, memory: MemoryCache?, own: Set<String> = [], watcher: LatentPreview?, events: @escaping EventSink
  ) -> Executor {
    Executor(
      cache: cache, memory: memory, numerics: Numerics.identifier, batches: !noBatch,
      others: FilesOfOthers(areKept: keepsOthers, exceptions: own), watcher: watcher, events: events)
  }

  /// What `--preview` and `--preview-vae` ask for.
  ///
  /// Throws `DiagnosticList` for a file of another format, and for what is no VAE.
  func latentPreview() throws -> LatentPreview? {
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
}
