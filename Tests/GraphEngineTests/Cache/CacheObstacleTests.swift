import Foundation
import GraphEngine
import Testing

/// What else may bear the names that the cache uses.
struct CacheObstacleTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  var location: String { folder.path + "/cache" }
  let outputs = NodeDeclaration(ToyConstant.self).outputs

  func key(_ name: String) -> ContentDigest { ContentDigest(hashing: Array(name.utf8)) }

  func place(_ folder: String, _ name: String) -> String {
    let digest = key(name).description
    return "\(location)/v1/\(folder)/\(digest.prefix(2))/\(digest)"
  }

  /// Keeps and reads the value "v" under the key "k", as one process does and then another.
  func expectWorks(_ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation) {
    let cache = DiskCache(at: location)
    let isKept = cache.store(
      key: key("k"), node: "Constant", descriptor: Array("d".utf8), seconds: 1,
      outputs: [("result", "number", Array("v".utf8))])
    #expect(isKept, comment, sourceLocation: sourceLocation)
    #expect(cache.takeWarning() == nil, comment, sourceLocation: sourceLocation)
    let entry = DiskCache(at: location).entry(for: key("k"), outputs: outputs)
    #expect(
      entry.flatMap { DiskCache(at: location).blob($0.outputs[0].blob) } == Array("v".utf8), comment,
      sourceLocation: sourceLocation)
    #expect(DiskCache(at: location).verify().isSound, comment, sourceLocation: sourceLocation)
  }

  func expectMiss(_ comment: Comment) {
    let cache = DiskCache(at: location)
    #expect(cache.entry(for: key("k"), outputs: outputs) == nil, comment)
    #expect(cache.takeWarning() == nil, comment)
  }

  @Test(arguments: [("cas", "v"), ("cas", "d"), ("ac", "k")])
  func whatIsNoFileIsPutAside(kind: String, name: String) throws {
    expectWorks("at first")
    let path = place(kind, name)
    let obstacles: [(String, () throws -> Void)] = [
      ("a folder", { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }),
      (
        "a full folder",
        { try FileManager.default.createDirectory(atPath: path + "/x", withIntermediateDirectories: true) }
      ),
      ("a pipe", { mkfifo(path, 0o644) }),
      ("a dangling link", { symlink("nowhere", path) }),
      ("a link to itself", { symlink(path, path) }),
      ("an empty file", { try Data().write(to: URL(fileURLWithPath: path)) }),
    ]
    for (what, make) in obstacles {
      try FileManager.default.removeItem(atPath: path)
      try make()
      if name != "d" { expectMiss("\(what)") }
      expectWorks("\(what)")
    }
  }

  @Test(arguments: [("cas", "v"), ("ac", "k")])
  func aFileInThePlaceOfAFolderIsPutAside(kind: String, name: String) throws {
    expectWorks("at first")
    let shard = (place(kind, name) as NSString).deletingLastPathComponent
    try FileManager.default.removeItem(atPath: shard)
    try folder.write("something", to: "cache/v1/" + shard.dropFirst(location.count + 4))
    expectMiss(kind == "ac" ? "no entries there" : "no blob there")
    expectWorks("afterwards")
  }

  @Test func foreignFilesAreLeftAlone() throws {
    expectWorks("at first")
    let foreign = ["cas/README", "cas/ab/short", "ac/zz/\(key("k"))", "notes/mine", "../mine", "../v2/ac/x"]
    for name in foreign { try folder.write("mine", to: "cache/v1/\(name)") }
    #expect(DiskCache(at: location).verify().foreign.count == 3)
    #expect(DiskCache(at: location).clear()?.removedEntries == 1)
    for name in foreign { #expect(try folder.text(of: "cache/v1/\(name)") == "mine") }
    #expect(DiskCache(at: location).statistics().entries == 0)
    expectWorks("afterwards")
  }

  /// The superuser may read everything, so refusal is injected.
  @Test(arguments: ["cas", "ac"])
  func whatMayNotBeReadIsComputedAgain(kind: String) throws {
    expectWorks("at first")
    let cache = DiskCache(at: location, fault: CacheFault.fault("open \(kind) 1 EACCES"))
    let entry = cache.entry(for: key("k"), outputs: outputs)
    let value = entry.flatMap { cache.blob($0.outputs[0].blob) }
    #expect(value == nil)
    #expect(
      cache.takeWarning()
        == "results that the cache holds are computed again: cannot open '\(place(kind, kind == "ac" ? "k" : "v"))': permission denied"
    )
    #expect(cache.takeWarning() == nil)
    expectWorks("afterwards")
  }
}
