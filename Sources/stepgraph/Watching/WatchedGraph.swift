import Diagnostics
import GraphEngine
import StepgraphNodes
import Synchronization

/// What became of an attempt to read a graph and all that it reads.
struct WatchedGraph: Sendable {
  /// What a run would do, or what is wrong.
  let plan: Result<Plan, DiagnosticList>
  /// The files that the outcome depends on, as they were just before they were read.
  let files: [String: FileIdentity?]
}

/// Reads a graph again and again, with the numbers for `random` drawn once.
final class GraphReader {
  private let options: RunOptions
  private let cache: DiskCache?
  private let memory: MemoryCache?
  private let isQuiet: Bool
  private var drawn: [UInt64] = []

  init(_ options: RunOptions, cache: DiskCache?, memory: MemoryCache?, isQuiet: Bool) {
    (self.options, self.cache, self.memory, self.isQuiet) = (options, cache, memory, isQuiet)
  }

  /// - Parameter own: pictures that earlier runs of the session wrote.
  func read(own: Set<String>) -> WatchedGraph {
    let read = Mutex<[String: FileIdentity?]>([:])
    func note(_ path: String, _ identity: FileIdentity?) {
      read.withLock { if $0[path] == nil { $0[path] = .some(identity) } }
    }
    var next = 0
    let loader = WorkflowFile.loader(noting: { path in
      let identity = FileIdentity(path: path)
      read.withLock { if $0[path] == nil { $0[path] = .some(identity) } }
    }) { [self] in
      if next == drawn.count { drawn.append(.random(in: 0...UInt64.max)) }
      next += 1
      return drawn[next - 1]
    }
    // Of a graph whose first lines are wrong as well.
    note(options.graph.graph, FileIdentity(path: options.graph.graph))
    do {
      let graph = try options.graph.settings.resolvedGraph(
        options.graph.graph, loader: loader, showsWarnings: false)
      // Where a plan fails for a file, its change is what is waited for.
      let paths = graph.nodes.flatMap(\.readPaths).map { ($0, FileIdentity(path: $0)) }
      do {
        let plan = try options.plan(graph, cache: cache, memory: memory, own: own, isShown: !isQuiet)
        for (path, identity) in plan.readFiles { note(path, identity) }
        return WatchedGraph(plan: .success(plan), files: read.withLock { $0 })
      } catch {
        for (path, identity) in paths { note(path, identity) }
        throw error
      }
    } catch {
      let list = error as? DiagnosticList ?? DiagnosticList([error as? Diagnostic ?? Diagnostic("\(error)")])
      return WatchedGraph(plan: .failure(list), files: read.withLock { $0 })
    }
  }
}

extension ResolvedNode {
  /// The files and folders that its parameters name to be read.
  fileprivate var readPaths: [String] {
    declaration.parameters.compactMap { parameter in
      guard parameter.type == .path(.read), case .path(let path)? = parameters.values[parameter.name] else {
        return nil
      }
      return path
    }
  }
}
