import Foundation
import GraphEngine
import Synchronization
import Testing

/// Every call to the file system fails once, in each way.
struct CacheFaultTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  static func graph() -> ResolvedGraph {
    var toy = ToyGraph()
    toy.add("x", "Constant", with: ["value": .float(2)])
    toy.add("y", "Add", in: ["a": "x"], with: ["plus": .float(3)])
    toy.add("z", "Add", in: ["a": "y", "b": "x"])
    return toy.graph(outputs: ["z": "z"])
  }

  /// Runs the graph in a process's stead: the value, and what was warned of.
  func run(in cache: DiskCache) async throws -> (value: Double?, log: EventLog) {
    let log = EventLog()
    let result = try await Executor(cache: cache, numerics: "test", events: log.sink).run(Self.graph())
    return ((result.outputs["z"] as? ToyNumber)?.value, log)
  }

  func cache(_ name: String, fault: CacheFiles.Fault? = nil) -> DiskCache {
    DiskCache(at: "\(folder.path)/\(name)", fault: fault)
  }

  /// The calls of a run, counted by a fault that never comes.
  func callCount(in name: String) async throws -> Int {
    let count = Atomic(0)
    let counted = cache(name) { _, _ in
      count.add(1, ordering: .relaxed)
      return nil
    }
    _ = try await run(in: counted)
    return count.load(ordering: .relaxed)
  }

  func failing(_ number: Int, with code: Int32, failed: CallCounter) -> CacheFiles.Fault {
    let count = CallCounter()
    return { call, path in
      guard count.next() == number else { return nil }
      failed.note("\(call) \(path)")
      return code
    }
  }

  @Test(arguments: [ENOSPC, EIO, EMFILE])
  func aRunThatWritesOutlivesAnyFailure(code: Int32) async throws {
    let count = try await callCount(in: "counted")
    #expect(count > 40)
    for number in 1...count {
      let failed = CallCounter()
      let (value, log) = try await run(in: cache("\(number)", fault: failing(number, with: code, failed: failed)))
      let what: Comment = "call \(number): \(failed.noted)"
      #expect(value == 7, what)
      #expect(log.warnings.count <= 1, what)
      // A file that could not be removed is left to the collector.
      if !failed.noted.hasPrefix("unlink") { #expect(folder.files(below: "\(number)/v1/tmp") == [], what) }
      let (again, logAgain) = try await run(in: cache("\(number)"))
      #expect(again == 7, what)
      #expect(logAgain.warnings == [], what)
      // Whatever was not kept was told of.
      #expect(logAgain.nodes(.executed) == [] || log.warnings.count == 1, what)
      let left = cache("\(number)")
      #expect(left.verify().isSound, what)
      #expect(folder.files(below: "\(number)/v1/quarantine") == [], what)
      left.collect()
      #expect(folder.files(below: "\(number)/v1/tmp") == [], what)
      #expect(folder.files(below: "\(number)/v1/leases") == [], what)
    }
  }

  @Test(arguments: [EIO, EMFILE, EACCES])
  func aRunThatReadsOutlivesAnyFailure(code: Int32) async throws {
    _ = try await run(in: cache("full"))
    let count = try await callCount(in: "full")
    for number in 1...count {
      let failed = CallCounter()
      let (value, log) = try await run(in: cache("full", fault: failing(number, with: code, failed: failed)))
      #expect(value == 7, "call \(number): \(failed.noted)")
      #expect(log.warnings.count == 1, "call \(number): \(failed.noted)")
      #expect(cache("full").verify().isSound)
    }
    #expect(try await run(in: cache("full")).log.nodes(.executed) == [])
  }

  @Test func aFaultIsReadFromItsText() throws {
    for text in ["", "open any 1", "shut any 1 EIO", "open any x EIO", "open any 1 ETWAS", "open any 1 EIO now"] {
      #expect(CacheFault.fault(text) == nil, "\(text)")
    }
    let fault = try #require(CacheFault.fault("rename ac 2 ENOSPC"))
    #expect(fault(.rename, "/c/v1/ac/00/0") == nil)
    #expect(fault(.rename, "/c/v1/cas/00/0") == nil)
    #expect(fault(.open, "/c/v1/ac/00/0") == nil)
    #expect(fault(.rename, "/c/v1/ac/00/0") == ENOSPC)
    #expect(fault(.rename, "/c/v1/ac/00/0") == nil)
  }
}

/// A count and a note that threads share.
final class CallCounter: Sendable {
  private let state = Mutex((count: 0, note: "none"))

  func next() -> Int {
    state.withLock {
      $0.count += 1
      return $0.count
    }
  }

  var count: Int { state.withLock { $0.count } }

  func note(_ text: String) { state.withLock { $0.note = text } }
  var noted: String { state.withLock { $0.note } }
}
