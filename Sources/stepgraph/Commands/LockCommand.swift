import ArgumentParser
import Diagnostics
import GraphEngine
import StepgraphNodes
import Tensors

/// `stepgraph lock`: writes down what decides a graph's results.
struct LockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lock",
    abstract: "Writes GRAPH.lock: digests of models and files, versions of nodes, numerics, the workflow's values.",
    discussion: "'run --locked' and 'plan --locked' then refuse to go on when something drifted, and say what.")

  @OptionGroup var options: GraphOptions

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where to write it; the graph's name with .lock when left out.", valueName: "file"),
    completion: .file())
  var output: String?

  func validate() throws {
    if let refusal = output.flatMap({ FileEnding.refusal(of: $0, written: ["lock", "json"], kind: "a lock") }) {
      throw ValidationError(refusal.message)
    }
  }

  func run() async throws {
    try await reporting {
      let plan = try options.settings.plan(options.resolvedGraph(), cache: options.cache, isShown: true)
      let path = output ?? LockFile.path(of: options.graph)
      try LockFile.write(WorkflowLock(plan, numerics: Numerics.identifier), to: path)
      Terminal.writeError("\(path)\n")
    }
  }
}

/// The file beside a graph that says what it was.
enum LockFile {
  static func path(of graph: String) -> String { graph + ".lock" }

  static func write(_ lock: WorkflowLock, to path: String) throws {
    do {
      try WholeFile.write(Array(jsonText(lock).utf8), to: path, kind: .lock)
    } catch let error as FileError {
      throw Diagnostic(error.message)
    }
  }

  /// The lock of a graph's file.
  ///
  /// Throws a `DiagnosticList` when there is none.
  static func read(of graph: ResolvedGraph) throws -> WorkflowLock {
    let path = path(of: graph.path)
    do {
      return try WorkflowLock(reading: try WholeFile.read(path), path: path)
    } catch let error as FileError {
      throw DiagnosticList([
        Diagnostic("--locked: \(error.message)", notes: ["'stepgraph lock \(graph.path)' writes it"])
      ])
    }
  }

  /// Throws a `DiagnosticList` with everything that is other than the lock says.
  static func check(_ plan: Plan, against lock: WorkflowLock) throws {
    let drift = lock.drift(to: try WorkflowLock(plan, numerics: Numerics.identifier))
    guard drift.isEmpty else {
      throw DiagnosticList([
        Diagnostic(
          "this is not what '\(path(of: plan.graph.path))' locked",
          notes: drift + ["'stepgraph lock' accepts it as it is now"])
      ])
    }
  }
}
