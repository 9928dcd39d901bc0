import Foundation
import GraphEngine
import Testing

struct CacheCollectorTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  var location: String { folder.path + "/cache" }
  let outputs = NodeDeclaration(ToyConstant.self).outputs
  /// What one result takes: an entry, a descriptor and a value, a block each.
  let unit = 3 * 4096

  func cache(limit: Int = CacheSettings.defaultLimit, minimumFree: Int? = 0) -> DiskCache {
    DiskCache(
      at: location, settings: CacheSettings(durability: .fast, limit: limit, minimumFree: minimumFree), fault: nil)
  }

  func key(_ name: String) -> ContentDigest { ContentDigest(hashing: Array(name.utf8)) }

  /// Keeps a result under each name that was used last so many seconds ago.
  func store(_ names: [(String, Int)], in cache: DiskCache) {
    for (name, age) in names {
      let isKept = cache.store(
        key: key(name), node: "Constant", descriptor: Array("\(name)'s".utf8), seconds: 1,
        outputs: [("result", "number", Array(name.utf8))])
      #expect(isKept)
      setAge(age, of: entryPath(name))
    }
  }

  func entryPath(_ name: String) -> String { "\(location)/v1/ac/\("\(key(name))".prefix(2))/\(key(name))" }
  func blobPath(_ name: String) -> String { "\(location)/v1/cas/\("\(key(name))".prefix(2))/\(key(name))" }

  func setAge(_ seconds: Int, of path: String) {
    let time = timeval(tv_sec: Int(Date().timeIntervalSince1970) - seconds, tv_usec: 0)
    #expect(utimes(path, [time, time]) == 0)
  }

  func has(_ name: String) -> Bool {
    let cache = cache()
    return cache.entry(for: key(name), outputs: outputs).flatMap { cache.blob($0.outputs[0].blob) } != nil
  }

  @Test func whatWasNotUsedForLongestGoesFirst() throws {
    let cache = cache()
    store([("a", 300), ("b", 500), ("c", 100), ("d", 400)], in: cache)
    #expect(cache.list().map(\.entry.key) == ["c", "a", "d", "b"].map { key($0) })
    let report = try #require(cache.collect(limit: 3 * unit))
    #expect((report.files, report.removedEntries, report.removedFiles) == (12, 1, 3))
    #expect((report.freedBytes, report.bytes) == (unit, 3 * unit))
    #expect(["a", "b", "c", "d"].filter(has) == ["a", "c", "d"])

    cache.markUsed([key("d"), key("unknown")])
    #expect(cache.collect(limit: 3 * unit - 1)?.removedEntries == 1)
    #expect(["a", "c", "d"].filter(has) == ["c", "d"])
    #expect(cache.collect(limit: 2 * unit, slack: 50)?.removedEntries == 0, "there is not too much")
    #expect(cache.collect(limit: 2 * unit - 1, slack: 50)?.removedEntries == 1)
    #expect(has("d"))
    #expect(cache.verify().isSound)
  }

  @Test func sharedBlobsStayAsLongAsSomeoneNamesThem() throws {
    let cache = cache()
    for (name, age) in [("old", 100), ("new", 0)] {
      #expect(
        cache.store(
          key: key(name), node: "Constant", descriptor: Array("same".utf8), seconds: 1,
          outputs: [("result", "number", Array("same".utf8))], ancestors: [Array("model".utf8)]))
      setAge(age, of: entryPath(name))
    }
    #expect(cache.collect(limit: 3 * 4096)?.removedFiles == 1)
    #expect(has("new") && !has("old"))
    #expect(FileManager.default.fileExists(atPath: blobPath("model")))
    #expect(cache.clear()?.bytes == 0)
    #expect(folder.files(below: "cache/v1/cas") == [])
  }

  @Test func pinnedResultsStay() throws {
    let cache = cache()
    store([("a", 300), ("b", 200)], in: cache)
    let pinned = try cache.key(startingWith: "\(key("a"))".prefix(12).description)
    #expect(pinned == key("a"))
    try cache.setPinned(pinned, true)
    #expect(cache.statistics().pinned == 1)
    #expect(cache.collect(limit: 0)?.bytes == unit)
    #expect(has("a") && !has("b"))
    #expect(cache.clear()?.removedEntries == 0)
    try cache.setPinned(cache.key(startingWith: "\(key("a"))", amongPins: true), false)
    try cache.setPinned(pinned, false)
    #expect(cache.clear()?.removedEntries == 1)
    for text in ["\(key("a"))", "zz"] {
      #expect(throws: DiskCache.PinFailure.unknown, "\(text)") { _ = try cache.key(startingWith: text) }
    }
    for text in ["", "a"] {
      #expect(throws: DiskCache.PinFailure.tooShort, "\(text)") { _ = try cache.key(startingWith: text) }
    }
  }

  @Test func whatAKilledProcessLeftGoes() throws {
    store([("a", 0), ("b", 0)], in: cache())
    try folder.write("half", to: "cache/v1/tmp/1-2-3")
    try folder.write("", to: "cache/v1/leases/1-2")
    try FileManager.default.removeItem(atPath: entryPath("a"))
    try FileManager.default.removeItem(atPath: blobPath("b"))
    let report = try #require(cache().collect())
    #expect(report.removedEntries == 1, "the entry without its blob")
    #expect(folder.files(below: "cache/v1/tmp") == [])
    #expect(folder.files(below: "cache/v1/leases") == [])
    #expect(folder.files(below: "cache/v1/cas") == [])
  }

  @Test func whatALivingProcessIsWritingStays() throws {
    store([("needed", 0), ("old", 0), ("entry", 0)], in: cache())
    for name in ["needed", "old"] { try FileManager.default.removeItem(atPath: entryPath(name)) }
    try folder.write("half", to: "cache/v1/tmp/1-2-99")
    // The blobs of a result that is being written; one of them has the entry of another result yet.
    try folder.write("\(key("needed"))\n\(key("entry"))\n", to: "cache/v1/leases/1-2")
    let lease = open("\(location)/v1/leases/1-2", O_RDWR)
    #expect(flock(lease, LOCK_EX) == 0)
    #expect(cache().collect(limit: 0)?.removedEntries == 1)
    #expect(folder.files(below: "cache/v1/tmp").count == 1)
    #expect(folder.files(below: "cache/v1/cas") == ["entry", "needed"].map(blobPath).sorted())
    #expect(cache().statistics().writers == 1)
    close(lease)
    cache().collect()
    #expect(folder.files(below: "cache/v1/tmp") == [])
    #expect(folder.files(below: "cache/v1/cas") == [])
    #expect(cache().statistics().writers == 0)
  }

  /// Runs need not look at the whole cache to find that it is full.
  @Test func aRunCollectsWhenTheCacheIsFull() async throws {
    func run(_ number: Int) async throws {
      var toy = ToyGraph()
      for index in 0..<20 { toy.add("n\(index)", "Constant", with: ["value": .float(Double(100 * number + index))]) }
      let cache = cache(limit: 100 * unit)
      _ = try await Executor(cache: cache, numerics: "test").run(
        toy.graph(targets: (0..<20).map { "n\($0)" }))
      #expect(cache.takeWarning() == nil)
    }
    for number in 0..<4 { try await run(number) }
    #expect(cache().statistics().entries == 80)
    for number in 4..<20 {
      try await run(number)
      let bytes = cache().statistics().bytesOnDisk
      // What is written while the collector counts may come on top.
      #expect(bytes <= 108 * unit && bytes > 60 * unit)
    }
    #expect(cache().verify().isSound)
  }

  @Test func theDiskKeepsItsFreeSpace() throws {
    store([("a", 100)], in: cache())
    let free = Int.max / 2
    let full = cache(minimumFree: free)
    #expect(!full.store(key: key("b"), node: "Constant", descriptor: [], seconds: 1, outputs: []))
    let warning = try #require(full.takeWarning())
    #expect(warning.hasPrefix("results are not kept: the disk of '\(location)' has "))
    #expect(warning.hasSuffix("TB are to stay free"))
    #expect(!full.store(key: key("b"), node: "Constant", descriptor: [], seconds: 1, outputs: []))
    #expect(full.takeWarning() == nil)
    #expect(has("a"), "dropping everything would not have been enough")
    #expect(folder.files(below: "cache/v1/tmp") == [])
  }

  @Test func oneProcessCollectsAtATime() throws {
    store([("a", 0)], in: cache())
    let file = open("\(location)/v1/collector", O_RDWR | O_CREAT, 0o644)
    #expect(flock(file, LOCK_EX) == 0)
    #expect(cache().collect(limit: 0, waits: false) == nil)
    close(file)
    #expect(cache().collect(limit: 0, waits: false)?.removedEntries == 1)
    #expect(DiskCache(at: folder.path + "/none").collect() == nil)
  }

  @Test(arguments: [
    ("0", 0), ("10", 10), ("1.5 kB", 1500), ("10GB", 10_000_000_000), ("2TiB", 2_199_023_255_552), ("3m", 3_000_000),
    ("x", nil), ("", nil), ("-1", nil), ("1e400", nil), ("9999999TB", nil), ("1 XB", nil), ("nan", nil), ("1.2.3", nil),
  ])
  func amountsAreReadWithTheirUnits(text: String, bytes: Int?) { #expect(ByteCount(text)?.bytes == bytes) }

  @Test func amountsAreWrittenShort() {
    let texts = [0, 999, 1000, 1_550_000, 10_000_000_000].map { "\(ByteCount($0))" }
    #expect(texts == ["0 B", "999 B", "1.0 kB", "1.6 MB", "10 GB"])
  }
}
