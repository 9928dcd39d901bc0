import Foundation
import GraphEngine
import Synchronization
import Testing

/// Writers, collectors and verifiers in one another's way; `make soak` keeps them there for minutes.
struct CacheContentionTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  static let (keyCount, valueSize) = (64, 20_000)
  /// Of what all keys together would take.
  static let limit = keyCount * (valueSize + 3 * 4096) / 10

  /// Its own cache object each: locks are held by open files, so threads are like processes to each other.
  func openCache() -> DiskCache {
    DiskCache(
      at: folder.path + "/cache", settings: CacheSettings(durability: .fast, limit: Self.limit, minimumFree: 0),
      fault: nil)
  }

  static func key(_ index: Int) -> ContentDigest { ContentDigest(hashing: [1, UInt8(index)]) }
  static func value(_ index: Int) -> [UInt8] { Array(repeating: UInt8(index), count: valueSize) }

  @Test func nobodyReadsWhatNobodyWrote() async throws {
    let outputs = NodeDeclaration(ToyConstant.self).outputs
    let tally = Tally()
    await withTaskGroup(of: Void.self) { group in
      for writer in 0..<8 {
        group.addTask {
          var generator = SplitMix64(state: UInt64(writer))
          let cache = openCache()
          cache.beginUse()
          for _ in Soak.rounds(60) {
            let index = Int.random(in: 0..<Self.keyCount, using: &generator)
            let entry = cache.entry(for: Self.key(index), outputs: outputs)
            let value = entry.flatMap { cache.blob($0.outputs[0].blob) }
            if let value { #expect(value == Self.value(index)) }
            tally.totals.withLock { if value == nil { $0.misses += 1 } else { $0.hits += 1 } }
            if value == nil || UInt8.random(in: 0..<4, using: &generator) == 0 {
              let isKept = cache.store(
                key: Self.key(index), node: "Constant", descriptor: [UInt8(index)], seconds: 1,
                outputs: [("result", "number", Self.value(index))])
              #expect(isKept)
              tally.totals.withLock { $0.stored += 1 }
            }
          }
          #expect(cache.takeWarning() == nil)
          #expect(cache.quarantinedCount == 0)
          cache.endUse()
          tally.working.subtract(1, ordering: .relaxed)
        }
      }
      for _ in 0..<4 {
        group.addTask {
          while tally.working.load(ordering: .relaxed) > 0 {
            let before = tally.totals.withLock { $0.stored }
            if let report = openCache().collect(slack: 10) {
              // What was written meanwhile, and what eight writers have under way, may be there besides.
              let writes = tally.totals.withLock { $0.stored } - before + 8
              #expect(report.bytes <= Self.limit + writes * (Self.valueSize + 3 * 4096))
              tally.totals.withLock { $0.removed += report.removedEntries }
            }
            await Task.yield()
          }
        }
      }
      for _ in 0..<2 {
        group.addTask {
          while tally.working.load(ordering: .relaxed) > 0 {
            let report = openCache().verify()
            #expect(report.damagedBlobs + report.damagedEntries == 0)
            tally.totals.withLock { $0.verified += report.blobs }
            await Task.yield()
          }
        }
      }
    }
    let cache = openCache()
    cache.collect()
    #expect(cache.statistics().bytesOnDisk <= Self.limit)
    #expect(folder.files(below: "cache/v1/tmp") == [])
    #expect(folder.files(below: "cache/v1/leases") == [])
    #expect(cache.statistics().quarantined == 0)
    #expect(cache.verify().isSound)
    let all = tally.totals.withLock { $0 }
    #expect(all.hits > 0)
    #expect(cache.statistics().entries < Self.keyCount, "collectors had work to do")
    if Soak.seconds != nil { print("contention: \(all)") }
  }
}

private final class Tally: Sendable {
  let working = Atomic(8)
  let totals = Mutex((stored: 0, hits: 0, misses: 0, removed: 0, verified: 0))
}
