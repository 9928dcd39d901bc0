import Diagnostics
import Foundation
import GraphEngine
import Safetensors
import StepgraphNodes
import Synchronization
import Tensors

/// What came of a case of a file of tests.
struct CaseOutcome: Sendable {
  let file: String
  let name: String
  let seconds: Double
  /// Nodes that executed; nil where the run did not begin.
  let executed: Int?
  /// What did not hold.
  var problems: [Diagnostic] = []
  /// References that were written.
  var written: [String] = []

  var holds: Bool { problems.isEmpty }
}

/// Runs the cases of a file of tests, each with a cache of its own, which begins as the case before it left its own.
///
/// What workflows write goes to a folder that is removed afterwards.
final class WorkflowTestRunner: Sendable {
  private let test: WorkflowTest
  private let models: ModelSearch
  /// Whether references are written that are missing or other than the results.
  private let updates: Bool
  private let scratch: URL
  /// Types of the workflow's params.
  private let paramTypes: [String: String]

  init(_ test: WorkflowTest, models: ModelSearch, updates: Bool) throws {
    self.test = test
    self.models = models
    self.updates = updates
    scratch = FileManager.default.temporaryDirectory.appending(
      path: "stepgraph-test-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    let params = (try? WorkflowFile.loader.params(of: test.workflow.value)) ?? []
    paramTypes = Dictionary(params.map { ($0.name, $0.type) }, uniquingKeysWith: { $1 })
  }

  deinit { try? FileManager.default.removeItem(at: scratch) }

  /// Runs a case, those before it having been run; throws `CancellationError` when it is interrupted.
  func run(_ testCase: WorkflowTestCase) async throws -> CaseOutcome {
    let start = ContinuousClock.now
    let executed = Mutex(0)
    var problems: [Diagnostic] = []
    var written: [String] = []
    var isPlanned = false
    do {
      let cache = try cache(of: testCase)
      let (graph, asked) = try resolve(testCase, cache)
      let plan = try makePlan(
        graph, cache: cache, memory: nil, numerics: Numerics.identifier,
        options: PlanOptions(digests: DiskCache(at: CacheLocation.standard)))
      isPlanned = true
      let executor = Executor(cache: cache, memory: MemoryCache(), numerics: Numerics.identifier) { event in
        if case .finished(_, _, .executed, _, _) = event { executed.withLock { $0 += 1 } }
      }
      let result = try await executor.run(plan)
      if let error = testCase.error {
        problems.append(
          Diagnostic("the run ends well; an error with '\(error.value)' was expected", at: error.location))
      }
      for value in testCase.values { check(value, result, &problems, &written) }
      for (picture, name) in zip(testCase.pictures, asked) { check(picture, name, result, &problems, &written) }
    } catch let list as DiagnosticList {
      problems += check(list.diagnostics, testCase)
    } catch let diagnostic as Diagnostic {
      problems += check([diagnostic], testCase)
    }
    let count = executed.withLock { $0 }
    if let runs = testCase.runs, isPlanned || problems.isEmpty, runs.value != count {
      problems.append(Diagnostic("\(countText(count, "node")) ran, not \(runs.value)", at: runs.location))
    }
    return CaseOutcome(
      file: test.file.path, name: testCase.name.value, seconds: start.duration(to: .now) / .seconds(1),
      executed: isPlanned ? count : nil, problems: problems, written: written)
  }

  /// The errors of a run, unless they are the ones that were expected.
  private func check(_ errors: [Diagnostic], _ testCase: WorkflowTestCase) -> [Diagnostic] {
    let errors = errors.filter { $0.severity == .error }
    guard let expected = testCase.error else { return errors }
    if errors.contains(where: { ([$0.message] + $0.notes).contains { $0.contains(expected.value) } }) { return [] }
    return [Diagnostic("the run ends with another error than one with '\(expected.value)'", at: expected.location)]
      + errors
  }

  // MARK: The run

  private func cache(of testCase: WorkflowTestCase) throws -> DiskCache {
    func folder(_ name: String) -> URL { scratch.appending(path: "cache-\(name)") }
    if let before = testCase.predecessor, FileManager.default.fileExists(atPath: folder(before).path) {
      try FileManager.default.copyItem(at: folder(before), to: folder(testCase.name.value))
    }
    return DiskCache(at: folder(testCase.name.value).path, settings: CacheSettings(durability: .fast))
  }

  /// The graph of a case, and what the pictures are called among its outputs.
  private func resolve(
    _ testCase: WorkflowTestCase, _ cache: DiskCache
  ) throws -> (graph: ResolvedGraph, pictures: [String]) {
    var graph = try WorkflowFile.loader.resolve(
      test.workflow.value, settings: testCase.settings.map(placed), sheets: .none,
      targets: testCase.targets?.map(\.value),
      observing: testCase.values.map(\.wire) + testCase.pictures.compactMap(\.wire))
    if let first = (testCase.values.map(\.file) + testCase.pictures.map(\.file)).first, !graph.points.isEmpty {
      throw DiagnosticList([
        Diagnostic(
          "'\(test.workflow.value)' is a sweep, whose wires have a value at each of its points", at: first.location)
      ])
    }
    models.locate(&graph, record: graph.record, digests: FileDigests(cache: cache))
    let pictures = try testCase.pictures.map { picture in
      if let wire = picture.wire { return wire.name }
      let name = "the picture of a test"
      let source = try soleSavedPicture(graph, at: picture.file.location)
      graph.outputs[name] = source
      if !graph.targets.contains(source.node) { graph.targets = (graph.targets + [source.node]).sorted() }
      return name
    }
    redirect(&graph, to: scratch.appending(path: "out-\(testCase.name.value)"))
    return (graph, pictures)
  }

  /// A setting whose path is relative to the file of tests, where there is such a file.
  private func placed(_ setting: ParameterSetting) -> ParameterSetting {
    guard paramTypes[setting.name] == "path", !setting.text.hasPrefix("/"), !setting.text.hasPrefix("<") else {
      return setting
    }
    let path = test.path(setting.text)
    return FileManager.default.fileExists(atPath: path) ? setting.with(path) : setting
  }

  /// What the only sink that takes pictures writes, if that is one picture.
  private func soleSavedPicture(_ graph: ResolvedGraph, at place: SourceLocation) throws -> WireSource {
    let sinks = graph.nodes.filter { node in
      node.declaration.info.isSink && node.declaration.inputs.contains { $0.type.name == "image" }
    }
    let sources = sinks.flatMap { $0.inputs.joined() }
    if sources.count == 1 { return sources[0] }
    let node = sources.first.map { graph.nodes[$0.node].address } ?? "image"
    throw DiagnosticList([
      Diagnostic(
        "the workflow writes \(sources.isEmpty ? "no picture" : "\(sources.count) pictures"); say which is meant",
        at: place, notes: ["such as 'picture: {\(node): expected.png}'"])
    ])
  }

  /// Lets sinks write below a folder, each in one of its own.
  private func redirect(_ graph: inout ResolvedGraph, to folder: URL) {
    for index in graph.nodes.indices {
      for parameter in graph.nodes[index].declaration.parameters where parameter.type == .path(.write) {
        guard case .path(let path)? = graph.nodes[index].parameters.values[parameter.name] else { continue }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        graph.nodes[index].parameters.values[parameter.name] = .path(folder.appending(path: "\(index)/\(name)").path)
      }
    }
  }

  // MARK: Comparing

  private func check(
    _ expected: ExpectedValue, _ result: RunResult, _ problems: inout [Diagnostic], _ written: inout [String]
  ) {
    compare(
      result.outputs[expected.wire.name], expected.wireText, expected.file, &problems, &written,
      problem: { try ReferenceValue.problem(of: $0, expecting: $1, within: expected.tolerance) },
      write: { value, path throws(FileError) in try ReferenceValue.write(value, to: path) })
  }

  private func check(
    _ expected: ExpectedPicture, _ name: String, _ result: RunResult, _ problems: inout [Diagnostic],
    _ written: inout [String]
  ) {
    compare(
      result.outputs[name], expected.wireText ?? "the picture", expected.file, &problems, &written,
      problem: { try ReferencePicture.problem(of: $0, expecting: $1, psnr: expected.psnr) },
      write: { value, path throws(FileError) in try ReferencePicture.write(value, to: path) })
  }

  private func compare(
    _ value: (any WireValue)?, _ wire: String, _ file: Located<String>, _ problems: inout [Diagnostic],
    _ written: inout [String], problem: (any WireValue, String) throws -> String?,
    write: (any WireValue, String) throws(FileError) -> Void
  ) {
    func tell(_ message: String, notes: [String] = []) {
      problems.append(Diagnostic(message, at: file.location, notes: notes))
    }
    guard let value else {
      return tell("'\(wire)' has no single value", notes: ["of a list name an item, such as 'sample[3]/next.latent'"])
    }
    let path = file.value
    let isThere = FileManager.default.fileExists(atPath: path)
    if !isThere, !updates {
      return tell("there is no file '\(path)'", notes: ["'stepgraph test --update' writes it"])
    }
    do {
      guard let difference = isThere ? try problem(value, path) : "missing" else { return }
      guard updates else { return tell("'\(wire)' is other than '\(path)': \(difference)") }
      try write(value, path)
      written.append(path)
    } catch {
      let reason =
        (error as? FileError)?.message ?? (error as? WeightFileError)?.message ?? (error as? PNGError)?.message
        ?? "\(error)"
      tell("'\(wire)' cannot be compared with '\(path)': \(reason)")
    }
  }
}
