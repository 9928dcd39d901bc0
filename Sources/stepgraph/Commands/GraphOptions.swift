import ArgumentParser
import ComfyUI
import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes
import Tensors

/// What `run` and `plan` ask about the graph and the cache.
struct GraphOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp("The workflow file, or a picture that carries one.", valueName: "graph"),
    completion: Completions.workflow)
  var graph: String

  @OptionGroup var settings: GraphSettings

  var cache: DiskCache? { settings.cache }

  /// The graph, checked and unrolled.
  func resolvedGraph() throws(DiagnosticList) -> ResolvedGraph { try settings.resolvedGraph(graph) }
}

/// How a graph is to be run, beside its file.
struct GraphSettings: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Give a param another value, such as prompt='a green apple' or seed=random; may be repeated.",
      valueName: "param=value"), completion: Completions.settings)
  var settings: [String] = []

  @Option(
    name: .customLong("sweep"),
    help: ArgumentHelp(
      """
      Run with several values of a param, such as seed=1..8, seed=random*4, cfg=3,5,7.5, eta=0..1:0.25 or, as texts may hold commas, \
      prompt='a red apple|a green apple'; more of these make a matrix.
      """, valueName: "param=values"), completion: Completions.settings)
  var sweeps: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where to show the pictures of a sweep together; beside them when left out.", valueName: "png"),
    completion: .file(extensions: ["png"]))
  var sheet: String?

  @Flag(name: .customLong("no-sheet"), help: "Do not show the pictures of a sweep together.")
  var noSheet = false

  @Argument(help: ArgumentHelp("More settings.", visibility: .hidden))
  var moreSettings: [String] = []

  @Option(
    help: ArgumentHelp(
      "Run only what this node needs, instead of the graph's sinks and outputs; may be repeated.", valueName: "node"),
    completion: Completions.addresses)
  var target: [String] = []

  @OptionGroup var models: ModelOptions

  @OptionGroup var cacheLocation: CacheLocation

  @Flag(name: .customLong("no-cache"), help: "Neither take results from the cache nor keep any there.")
  var noCache = false

  @Flag(help: "Refuse to go on when something is other than GRAPH.lock says, and say what.")
  var locked = false

  mutating func validate() throws {
    if cacheLocation.folder != nil && noCache { throw ValidationError("--cache and --no-cache exclude each other.") }
    if sheet != nil && noSheet { throw ValidationError("--sheet and --no-sheet exclude each other.") }
    if sheet == "" { throw ValidationError("--sheet takes a file; an empty text was given.") }
    for setting in settings + moreSettings where !setting.contains("=") {
      throw ValidationError("Unexpected '\(setting)'; settings are written param=value.")
    }
    for sweep in sweeps where !sweep.contains("=") {
      throw ValidationError("Unexpected '\(sweep)'; sweeps are written param=values, such as seed=1..8.")
    }
  }

  /// The graph, checked and unrolled.
  func resolvedGraph(
    _ path: String, loader: WorkflowLoader = WorkflowFile.loader, showsWarnings: Bool = true
  ) throws(DiagnosticList) -> ResolvedGraph {
    var graph = try loader.resolve(
      path,
      settings: (settings + moreSettings).map { setting in
        let (name, text) = Self.parts(of: setting)
        return ParameterSetting(name: name, text: text)
      },
      sweeps: sweeps.map { sweep in
        let (name, text) = Self.parts(of: sweep)
        return SweepSetting(name: name, text: text)
      },
      sheets: noSheet ? .none : sheet.map { .at($0) } ?? .beside, targets: target.isEmpty ? nil : target)
    // Planning leaves out of parameters what decides nothing, such as the name of a sampler beside one with the same list.
    graph.companions = { [written = graph] in ComfyExport.companions(written, of: $0) }
    if showsWarnings { Terminal.show(graph.warnings) }
    return graph
  }

  private static func parts(of setting: String) -> (name: String, text: String) {
    let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    return (String(parts[0]), String(parts[1]))
  }

  /// Nil with `--no-cache`.
  var cache: DiskCache? { noCache ? nil : DiskCache(at: cacheLocation.path) }

  /// What a run of the graph would do; digests of large files are remembered even with `--no-cache`, where there is a cache.
  func plan(
    _ graph: ResolvedGraph, cache: DiskCache?, memory: MemoryCache? = nil, refreshing refreshed: Set<Int> = [],
    isShown: Bool
  ) throws -> Plan {
    let reading = ReadingDisplay()
    defer { if isShown { reading.finish() } }
    let lock = locked ? try LockFile.read(of: graph) : nil
    let record = lock?.record ?? graph.record
    var graph = graph
    models.search.locate(
      &graph, record: record,
      digests: FileDigests(
        cache: cache, other: DiskCache(at: cacheLocation.path),
        progress: { path, done, all in if isShown { reading.handle(path, done, all) } }))
    let options = PlanOptions(
      recomputed: refreshed, digests: DiskCache(at: cacheLocation.path),
      hashing: { path, done, all in if isShown { reading.handle(path, done, all) } })
    let plan = try makePlan(graph, cache: cache, memory: memory, numerics: Numerics.identifier, options: options)
    if let lock {
      try LockFile.check(plan, against: lock)
    } else if let record {
      let others = models.acceptsAny ? [] : plan.otherModels(than: record)
      guard others.isEmpty else { throw DiagnosticList(others) }
      Terminal.show(plan.otherCircumstances(than: record, numerics: Numerics.identifier))
    }
    return plan
  }
}
