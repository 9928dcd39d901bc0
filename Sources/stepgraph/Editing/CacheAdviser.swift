import Diagnostics
import Foundation
import GraphEngine
import LanguageServer
import StepgraphNodes
import Synchronization
import Tensors

/// Tells the language server of runs, by the cache and the records in it.
final class CacheAdviser: RunAdviser {
  private let cachePath: String
  private let search: ModelSearch
  private let queue = DispatchQueue(label: "look ahead", qos: .utility)
  /// The look ahead that counts, by path: an earlier one that still waits is left out.
  private let latest = Mutex<[String: Int]>([:])
  private let running = Mutex<Set<String>>([])

  init(cachePath: String, search: ModelSearch) { (self.cachePath, self.search) = (cachePath, search) }

  func enter(_ folder: String) { _ = FileManager.default.changeCurrentDirectoryPath(folder) }

  func forecast(
    of path: String, readFile: @escaping WorkflowLoader.ReadFile, post: @escaping @Sendable (ServerEvent) -> Void
  ) {
    let number = latest.withLock { latest in
      latest[path, default: 0] += 1
      return latest[path, default: 0]
    }
    queue.async { [self] in
      guard latest.withLock({ $0[path] }) == number else { return }
      let forecast = try? plan(path, readFile: readFile).map { RunForecast($0, cache: cache) }
      post(.forecast(path: path, forecast))
    }
  }

  func explain(
    _ address: String, of path: String, readFile: @escaping WorkflowLoader.ReadFile,
    post: @escaping @Sendable (ServerEvent) -> Void
  ) {
    queue.async { [self] in
      do {
        guard let plan = try plan(path, readFile: readFile) else { return }
        let explainer = Explainer(plan, cache: cache, numerics: Numerics.identifier)
        let text = try plan.nodes(at: address).map { explainer.explanation(of: $0).text }.joined()
        post(.told(text, isError: false, ran: nil))
      } catch {
        post(.told(Self.text(of: error), isError: true, ran: nil))
      }
    }
  }

  func run(_ path: String, post: @escaping @Sendable (ServerEvent) -> Void) {
    guard running.withLock({ $0.insert(path).inserted }) else {
      return post(.told("\(path) is running", isError: false, ran: nil))
    }
    // The same program, so that a run is what `stepgraph run` does, with its own memory and signals.
    Thread.detachNewThread { [self] in
      let process = Process()
      process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      process.arguments = ["run", path, "--cache", cachePath, "--quiet"]
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      let errors = Pipe()
      process.standardError = errors
      var (text, isDone) = ("", false)
      do {
        try process.run()
        text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        isDone = process.terminationReason == .exit && process.terminationStatus == 0
      } catch {
        text = Self.text(of: error)
      }
      running.withLock { _ = $0.remove(path) }
      post(.told(isDone ? "\(path) ran\n\(text)" : "\(path) did not run\n\(text)", isError: !isDone, ran: path))
    }
  }

  private var cache: DiskCache { DiskCache(at: cachePath) }

  /// What a run would do; nil where the workflow cannot be run as it is.
  private func plan(_ path: String, readFile: @escaping WorkflowLoader.ReadFile) throws -> Plan? {
    let loader = WorkflowLoader(catalog: .stepgraph, readFile: readFile)
    guard var graph = try? loader.resolve(path) else { return nil }
    let cache = cache
    search.locate(&graph, record: graph.record, digests: FileDigests(cache: cache))
    return try makePlan(
      graph, cache: cache, numerics: Numerics.identifier, options: PlanOptions(digests: cache))
  }

  private static func text(of error: any Error) -> String {
    switch error {
    case let error as DiagnosticList: error.diagnostics.map(\.message).joined(separator: "\n")
    case let error as Diagnostic: error.message
    default: "\(error)"
    }
  }
}
