import Foundation
import GraphEngine
import Synchronization
import TestSupport
import Testing

/// Writers, collectors and verifiers in one another's way; `make soak` keeps them there for minutes.
struct CacheContentionTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  static let (keyCount, valueSize) = (256, 5 * 4096)
  /// What one result takes: a value, a descriptor and an entry.
  static let unit = valueSize + 2 * 4096
  /// A tenth of what all keys together would take.
  static let limit = keyCount * unit / 10

  /// Its own cache object each: locks are held by open files, so threads are like processes to each other.
  func openCache(fault: CacheFiles.Fault? = nil) -> DiskCache {
    DiskCache(
      at: folder.path + "/cache", settings: CacheSettings(durability: .fast, limit: Self.limit, minimumFree: 0),
      fault: fault)
  }

  static func key(_ index: Int) -> ContentDigest { ContentDigest(hashing: [1, UInt8(index)]) }
  static func value(_ index: Int) -> [UInt8] { Array(repeating: UInt8(index), count: valueSize) }

  @Test func nobodyReadsWhatNobodyWrote() {
    let tally = Tally()
    // Threads of their own: tasks would wait for each other on a machine with few cores.
    let threads =
      (0..<8).map { writer in Thread { write(UInt64(writer), tally) } } + (0..<4).map { _ in Thread { collect(tally) } }
      + (0..<2).map { _ in Thread { verify(tally) } }
    for thread in threads { thread.start() }
    for _ in threads { tally.ended.wait() }

    let cache = openCache()
    cache.collect()
    #expect(cache.statistics().bytesOnDisk <= Self.limit)
    #expect(cache.statistics().entries < Self.keyCount, "collectors had work to do")
    #expect(folder.files(below: "cache/v1/tmp") == [])
    #expect(folder.files(below: "cache/v1/leases") == [])
    #expect(cache.statistics().quarantined == 0)
    #expect(cache.verify().isSound)
    let counts = tally.counts.withLock { $0 }
    #expect(counts.wrong == [])
    #expect(counts.hits > 0)
    if Soak.seconds != nil { print("contention: \(counts)") }
  }

  private func write(_ seed: UInt64, _ tally: Tally) {
    let outputs = NodeDeclaration(ToyConstant.self).outputs
    var generator = SplitMix64(state: seed)
    let cache = openCache()
    for _ in Soak.rounds(150) {
      // So that a collection ends before all there is was written again.
      usleep(1000)
      let index = Int.random(in: 0..<Self.keyCount, using: &generator)
      let entry = cache.entry(for: Self.key(index), outputs: outputs)
      let value = entry.flatMap { cache.blob($0.outputs[0].blob) }
      if let value, value != Self.value(index) { tally.note("a wrong value of \(index)") }
      tally.counts.withLock { if value == nil { $0.misses += 1 } else { $0.hits += 1 } }
      guard value == nil || UInt8.random(in: 0..<4, using: &generator) == 0 else { continue }
      tally.counts.withLock { $0.begun += 1 }
      let isKept = cache.store(
        key: Self.key(index), node: "Constant", descriptor: [UInt8(index)], seconds: 1,
        outputs: [("result", "number", Self.value(index))])
      if !isKept { tally.note("\(index) was not kept: \(cache.takeWarning() ?? "")") }
      tally.counts.withLock { $0.stored += 1 }
    }
    if let warning = cache.takeWarning() { tally.note(warning) }
    if cache.quarantinedCount > 0 { tally.note("something was put aside") }
    tally.working.subtract(1, ordering: .relaxed)
    tally.ended.signal()
  }

  private func collect(_ tally: Tally) {
    while tally.working.load(ordering: .relaxed) > 0 {
      let before = Mutex<Int?>(nil)
      let collector = openCache { _, path in
        // The first that is read once the others are done collecting.
        if path.hasSuffix("/usage") { before.withLock { $0 = $0 ?? tally.counts.withLock { $0.stored } } }
        return nil
      }
      guard let report = collector.collect(slack: 10), let before = before.withLock({ $0 }) else { continue }
      tally.counts.withLock { counts in
        counts.collections += 1
        counts.removed += report.removedEntries
        counts.mostBytes = max(counts.mostBytes, report.bytes)
        let bound = Self.limit + (counts.begun - before) * Self.unit
        if bound < Self.keyCount * Self.unit { counts.bounded += 1 }
        if report.bytes > bound { counts.wrong.append("\(report.bytes) bytes are left, more than \(bound)") }
      }
    }
    tally.ended.signal()
  }

  private func verify(_ tally: Tally) {
    while tally.working.load(ordering: .relaxed) > 0 {
      let report = openCache().verify()
      if report.damagedBlobs + report.damagedEntries > 0 { tally.note("\(report)") }
      tally.counts.withLock { $0.verified += report.blobs }
    }
    tally.ended.signal()
  }
}

/// What the threads did, and what went wrong.
private final class Tally: Sendable {
  struct Counts: Sendable {
    /// Stores that were begun, and those that are done.
    var (begun, stored) = (0, 0)
    var (hits, misses, verified) = (0, 0, 0)
    /// Collections, those of them that had not all results on their way, and the most bytes that one left.
    var (collections, bounded, removed, mostBytes) = (0, 0, 0, 0)
    var wrong: [String] = []
  }

  /// Writers that are not done.
  let working = Atomic(8)
  let ended = DispatchSemaphore(value: 0)
  let counts = Mutex(Counts())

  func note(_ text: String) { counts.withLock { $0.wrong.append(text) } }
}
