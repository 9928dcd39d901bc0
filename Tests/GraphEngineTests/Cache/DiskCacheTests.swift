import Diagnostics
import Foundation
import GraphEngine
import Testing

struct DiskCacheTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  var location: String { folder.path + "/cache" }

  func key(_ name: String) -> ContentDigest { ContentDigest(hashing: Array(name.utf8)) }
  let outputs = NodeDeclaration(ToyAdd.self).outputs

  func store(_ name: String, in cache: DiskCache) -> Bool {
    cache.store(
      key: key(name), node: "Add", descriptor: Array(name.utf8), seconds: 0.5,
      outputs: [("sum", "number", Array("sum of \(name)".utf8)), ("negated", "number", Array("-\(name)".utf8))])
  }

  /// The one file below a folder of the cache.
  func file(below name: String) throws -> String { try #require(folder.files(below: "cache/v1/\(name)").first) }

  func damage(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    change(&bytes)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  @Test func whatIsKeptIsWhereItShouldBe() throws {
    let cache = DiskCache(at: location)
    #expect(cache.entry(for: key("x"), outputs: outputs) == nil)
    #expect(!FileManager.default.fileExists(atPath: location), "reading makes nothing")
    #expect(store("x", in: cache))
    let entry = try #require(DiskCache(at: location).entry(for: key("x"), outputs: outputs))
    #expect(entry.outputs.map(\.port) == ["sum", "negated"])
    #expect(entry.seconds == 0.5)
    #expect(cache.blob(entry.outputs[0].blob) == Array("sum of x".utf8))
    #expect(cache.blob(entry.descriptor) == Array("x".utf8))
    let names = [key("x")] + ["sum of x", "-x", "x"].map { key($0) }
    let paths = ["ac", "cas", "cas", "cas"].enumerated().map { position, kind in
      "\(location)/v1/\(kind)/\("\(names[position])".prefix(2))/\(names[position])"
    }
    #expect(folder.files(below: "cache") == (paths + ["\(location)/CACHEDIR.TAG"]).sorted())
    #expect(try folder.text(of: "cache/CACHEDIR.TAG").hasPrefix("Signature: 8a477f597d28d172789f06886806bc55\n"))

    let statistics = cache.statistics()
    #expect((statistics.entries, statistics.blobs, statistics.bytes, statistics.quarantined) == (1, 3, 11, 0))
    #expect((statistics.bytesOnDisk, statistics.pinned, statistics.writers) == (4 * 4096, 0, 0))
    #expect(statistics.byNodeType["Add"]?.entries == 1)
    #expect(statistics.byNodeType["Add"]?.bytes == 10)
  }

  /// Version 1 of the entry's format, spelled out: caches in use hold it.
  static let entry = """
    stepgraph-entry 1
    key 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
    node Add
    descriptor 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881
    seconds 0.5
    output sum number b0d1534cd0d17fc04c70c3a6cbc8c5e3a992d59779003028237b36d744c6a621 8
    output negated number a420962426d711880258b007d6767792992f6700fa93f127dafe1f7333e50466 2
    check 4deefd1e78640482eabb4697831de7540194d8c68d230f6af92b3a2781e2001c

    """

  @Test func entriesAreWrittenAndReadInVersionOne() throws {
    #expect(store("x", in: DiskCache(at: location)))
    let path = try file(below: "ac")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.entry)
    try FileManager.default.removeItem(atPath: path)
    try Self.entry.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(DiskCache(at: location).entry(for: key("x"), outputs: outputs)?.seconds == 0.5)
  }

  @Test func entriesKeepWarningsAndAncestors() throws {
    let cache = DiskCache(at: location)
    let warnings = [
      NodeWarning(origin: key("w"), port: "text", message: "cut: \"a  b\\n\"\n\u{301}\u{1}\r é"),
      NodeWarning(origin: key("x"), port: nil, message: ""),
    ]
    let isKept = cache.store(
      key: key("x"), node: "Add", descriptor: [], seconds: 1e-9,
      outputs: [("sum", "number", [1]), ("negated", "number", [1])], ancestors: [Array("model".utf8)],
      warnings: warnings)
    #expect(isKept)
    let entry = try #require(cache.entry(for: key("x"), outputs: outputs))
    #expect(entry.warnings == warnings)
    #expect(cache.blob(try #require(entry.ancestors.first)) == Array("model".utf8))
    #expect(entry.outputs[0].blob == entry.outputs[1].blob)
  }

  /// A later version may add lines of new kinds, and this one is to read the rest.
  @Test func linesOfLaterVersionsArePassedOver() throws {
    #expect(store("x", in: DiskCache(at: location)))
    let path = try file(below: "ac")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let body = text.components(separatedBy: "check ")[0] + "colour blue\n \n"
    try "\(body)check \(ContentDigest(hashing: Array(body.utf8)))\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(DiskCache(at: location).entry(for: key("x"), outputs: outputs)?.seconds == 0.5)
  }

  @Test func everyFlippedByteOfAnEntryIsAMiss() throws {
    #expect(store("x", in: DiskCache(at: location)))
    let path = try file(below: "ac")
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= 1 << UInt8(position % 8)
      try bytes.write(to: URL(fileURLWithPath: path))
      let cache = DiskCache(at: location)
      #expect(cache.entry(for: key("x"), outputs: outputs) == nil, "byte \(position)")
      #expect(cache.quarantinedCount == 1)
    }
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(DiskCache(at: location).entry(for: key("x"), outputs: outputs) == nil, "cut to \(length)")
    }
    try whole.write(to: URL(fileURLWithPath: path))
    #expect(DiskCache(at: location).entry(for: key("x"), outputs: outputs) != nil)
    #expect(DiskCache(at: location).statistics().quarantined == 2 * whole.count)
  }

  @Test func anEntryUnderAnotherNameIsAMiss() throws {
    let cache = DiskCache(at: location)
    #expect(store("x", in: cache))
    #expect(store("y", in: cache))
    let name = key("y").description
    let path = "\(location)/v1/ac/\(name.prefix(2))/\(name)"
    try FileManager.default.removeItem(atPath: path)
    let other = key("x").description
    try FileManager.default.copyItem(atPath: "\(location)/v1/ac/\(other.prefix(2))/\(other)", toPath: path)
    #expect(cache.entry(for: key("y"), outputs: outputs) == nil)
    #expect(cache.entry(for: key("x"), outputs: outputs) != nil)
  }

  @Test func anEntryOfOtherOutputsOrWithoutItsBlobsIsAMiss() throws {
    let cache = DiskCache(at: location)
    #expect(store("x", in: cache))
    #expect(cache.entry(for: key("x"), outputs: Array(outputs.reversed())) == nil)
    #expect(cache.entry(for: key("x"), outputs: [outputs[0]]) == nil)
    let entry = try #require(cache.entry(for: key("x"), outputs: outputs))
    let name = entry.outputs[1].blob.description
    try FileManager.default.removeItem(atPath: "\(location)/v1/cas/\(name.prefix(2))/\(name)")
    #expect(cache.entry(for: key("x"), outputs: outputs) == nil)
    #expect(store("x", in: cache))
    #expect(cache.entry(for: key("x"), outputs: outputs) != nil)
  }

  @Test func aDamagedBlobIsPutAsideAndWrittenAgain() throws {
    let cache = DiskCache(at: location)
    #expect(store("x", in: cache))
    let entry = try #require(cache.entry(for: key("x"), outputs: outputs))
    let name = entry.outputs[0].blob.description
    try damage("\(location)/v1/cas/\(name.prefix(2))/\(name)") { $0[3] ^= 4 }
    #expect(cache.blob(entry.outputs[0].blob) == nil)
    #expect(cache.quarantinedCount == 1)
    #expect(folder.files(below: "cache/v1/quarantine").count == 1)
    #expect(store("x", in: cache))
    #expect(cache.blob(entry.outputs[0].blob) == Array("sum of x".utf8))
  }

  @Test func aCacheThatCannotBeWrittenWarnsOnce() throws {
    try folder.write("", to: "cache")
    let cache = DiskCache(at: location)
    #expect(!store("x", in: cache))
    #expect(!store("y", in: cache))
    #expect(cache.takeWarning() == "results are not kept: cannot make the folder '\(location)/v1/cas': not a directory")
    #expect(cache.takeWarning() == nil)
  }

  @Test func manyWritersOfTheSameKeysDoNotHarmEachOther() async throws {
    let location = location
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          let cache = DiskCache(at: location)
          for round in 0..<10 {
            #expect(store("\(round)", in: cache))
            let entry = cache.entry(for: key("\(round)"), outputs: outputs)
            #expect(entry.flatMap { cache.blob($0.outputs[0].blob) } == Array("sum of \(round)".utf8))
          }
        }
      }
    }
    #expect(folder.files(below: "cache/v1/tmp") == [])
    #expect(DiskCache(at: location).statistics().entries == 10)
  }
}
