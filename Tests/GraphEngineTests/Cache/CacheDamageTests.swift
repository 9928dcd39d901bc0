import Foundation
import GraphEngine
import TestSupport
import Testing

/// Damage of every kind is found and mended; `make soak` tries it ten thousand times.
struct CacheDamageTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  var cache: DiskCache {
    DiskCache(at: folder.path + "/cache", settings: CacheSettings(durability: .fast), fault: nil)
  }

  /// A small graph with results of several kinds.
  func run() async throws -> (value: Double?, log: EventLog) {
    var toy = ToyGraph()
    toy.add("x", "Constant", with: ["value": .float(2)])
    toy.add("y", "Add", in: ["a": "x"], with: ["plus": .float(3)])
    toy.add("w", "Act", in: ["a": "y"], with: ["how": .string("warn")])
    toy.add("z", "Add", in: ["a": "w", "b": "y"])
    let log = EventLog()
    let result = try await Executor(cache: cache, numerics: "test", events: log.sink).run(
      toy.graph(outputs: ["z": "z"]))
    return ((result.outputs["z"] as? ToyNumber)?.value, log)
  }

  /// Each byte of each file in turn: the graph's value is right, and the damaged file never counts as itself.
  @Test func everyFlippedByteIsFoundInEntriesAndSmallBlobs() async throws {
    let (value, _) = try await run()
    #expect(value == 10)
    let files = folder.files(below: "cache/v1/ac") + folder.files(below: "cache/v1/cas")
    #expect(files.count > 8)
    for path in files {
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      for position in whole.indices {
        var bytes = whole
        bytes[position] ^= 1 << UInt8(position % 8)
        try bytes.write(to: URL(fileURLWithPath: path))
        let digest = try #require(ContentDigest(hex: (path as NSString).lastPathComponent))
        let isServed = path.contains("/ac/") ? cache.entry(for: digest) != nil : cache.blob(digest) != nil
        #expect(!isServed, "\(path), byte \(position)")
        #expect(!FileManager.default.fileExists(atPath: path))
        guard position % 64 == 0 else { continue }
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try await run().value == 10, "\(path), byte \(position)")
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(!cache.verify().isSound, "\(path), byte \(position)")
        #expect(cache.verify().isSound)
      }
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try whole.write(to: URL(fileURLWithPath: path))
    }
    #expect(try await run().value == 10)
    #expect(cache.verify().isSound)
  }

  /// A run marks what it uses at any moment; that does not make a lost result whole.
  @Test func anEntryUsedDuringVerificationIsIncompleteStill() throws {
    let (kept, lost) = (ContentDigest(hashing: [1]), ContentDigest(hashing: [2]))
    for (key, bytes) in [(kept, [UInt8](1...9)), (lost, [7])] {
      #expect(
        cache.store(
          key: key, node: "Constant", descriptor: [], seconds: 1, outputs: [("result", "number", bytes)]))
    }
    try FileManager.default.removeItem(atPath: blobPath([7]))
    let report = cache.verify { _, _ in cache.markUsed([kept, lost]) }
    #expect(report.incompleteEntries == 1)
    #expect(cache.entry(for: kept) != nil)
    #expect(cache.entry(for: lost) == nil)
  }

  /// Flips, truncations, zeros, additions and swaps in blobs of several sizes.
  @Test func largeBlobsAreNeverServedDamaged() throws {
    var generator = SplitMix64(state: 7)
    func key(_ index: Int) -> ContentDigest { ContentDigest(hashing: [UInt8(index)]) }
    let contents = (0..<4).map { index in
      (0..<(40_000 << index)).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
    func store(_ index: Int) -> Bool {
      cache.store(
        key: key(index), node: "Constant", descriptor: [], seconds: 1, outputs: [("result", "number", contents[index])])
    }
    let outputs = NodeDeclaration(ToyConstant.self).outputs
    for index in contents.indices { #expect(store(index)) }
    var found = 0
    for round in Soak.rounds(300, long: 10_000) {
      let index = round % contents.count
      let path = blobPath(contents[index])
      var bytes = contents[index]
      switch UInt8.random(in: 0..<8, using: &generator) {
      case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &generator))
      case 1: bytes.append(0)
      case 2: bytes = contents[(index + 1) % contents.count]
      case 3:
        let start = Int.random(in: 0..<bytes.count - 4096, using: &generator)
        bytes.replaceSubrange(start..<start + 4096, with: repeatElement(0, count: 4096))
      default:
        bytes[Int.random(in: bytes.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let reader = cache
      let value = reader.entry(for: key(index), outputs: outputs).flatMap { reader.blob($0.outputs[0].blob) }
      found += value == nil ? 1 : 0
      #expect(value == nil, "round \(round)")
      #expect(store(index))
      #expect(cache.blob(ContentDigest(hashing: contents[index])) == contents[index])
    }
    #expect(found > 0)
    if Soak.seconds != nil { print("damaged blobs found: \(found)") }
  }

  func blobPath(_ bytes: [UInt8]) -> String {
    let digest = ContentDigest(hashing: bytes).description
    return "\(folder.path)/cache/v1/cas/\(digest.prefix(2))/\(digest)"
  }
}
