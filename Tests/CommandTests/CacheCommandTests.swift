import Foundation
import StepgraphNodes
import TestSupport
import Testing

/// `stepgraph cache`, and what `run` takes to deal with the cache.
struct CacheCommandTests {
  private static let model = "model=\(Repository.tinyModel)"
  private static let graph = Repository.graphs.appending(path: "txt2img-cfg.yaml").path
  private static let settings = [model, "steps=2"]
  private static let run = ["run", graph, "--quiet"] + settings.flatMap { ["--set", $0] }

  private struct Entry: Decodable {
    struct Output: Decodable {
      let port: String
      let digest: String
    }

    let key: String
    let node: String
    let seconds: Double
    let pinned: Bool
    let outputs: [Output]
  }

  private func entries(_ stepgraph: Stepgraph) throws -> [Entry] {
    try JSONDecoder().decode([Entry].self, from: Data(stepgraph("cache", "ls", "--json").output.utf8))
  }

  private func blobs(_ stepgraph: Stepgraph) -> [String] { stepgraph.folder.names.filter { $0.contains("/v1/cas/") } }

  @Test func resultsAreListedPinnedCollectedAndCleared() throws {
    let stepgraph = try Stepgraph()
    #expect(try stepgraph("cache", "ls").output == "")
    #expect(try stepgraph("cache", "gc").output == "0 entries and 0 B removed; 0 B left\n")
    #expect(!stepgraph.folder.exists(".cache"))
    #expect(try stepgraph.call(Self.run).status == 0)
    let all = try entries(stepgraph)
    #expect(Set(all.map(\.node)).isSuperset(of: ["TextEncode", "UNetPredict", "DDIMStep", "Decode"]))
    #expect(try stepgraph("cache", "ls", "--limit", "3").output.split(separator: "\n").count == 3)

    let kept = try #require(all.first { $0.node == "Decode" })
    #expect(try stepgraph("cache", "pin", String(kept.key.prefix(10))).output == "pinned \(kept.key)\n")
    #expect(try stepgraph("cache", "stats").output.contains("1 pinned"))
    let unknown = try stepgraph("cache", "pin", "nothing")
    #expect(unknown.status == 1)
    #expect(unknown.errors == "error: there is no result whose key begins with 'nothing'\n")

    #expect(try stepgraph("cache", "gc", "--cache-limit", "0").status == 0)
    #expect(try entries(stepgraph).map(\.key) == [kept.key])
    #expect(try stepgraph("cache", "clear").status == 0)
    #expect(try entries(stepgraph).map(\.pinned) == [true])
    #expect(try stepgraph.run(Self.graph, Self.settings).executed.isEmpty, "the pinned picture is all it needs")
    #expect(try stepgraph("cache", "unpin", kept.key).status == 0)
    #expect(try stepgraph("cache", "clear", "--json").output.contains(#""removedEntries" : 1"#))
    #expect(blobs(stepgraph) == [])
  }

  @Test func verifyFindsDamageAndRunsMendIt() throws {
    let stepgraph = try Stepgraph()
    #expect(try stepgraph.call(Self.run).status == 0)
    let picture = try stepgraph.folder.contents("out.png")
    let sound = try stepgraph("cache", "verify")
    #expect(sound.status == 0 && sound.output.hasSuffix("all is sound\n"))
    func damage() throws {
      for name in blobs(stepgraph) + stepgraph.folder.names.filter({ $0.contains("/v1/ac/") }) {
        var bytes = try stepgraph.folder.contents(name)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: stepgraph.folder.file(name))
      }
    }
    try damage()
    let mended = try stepgraph.call(Self.run)
    #expect(mended.status == 0 && mended.errors == "")
    #expect(try stepgraph.folder.contents("out.png") == picture)
    #expect(try stepgraph("cache", "verify").status == 0)
    #expect(try stepgraph.run(Self.graph, Self.settings).executed.isEmpty)

    try damage()
    let damaged = try stepgraph("cache", "verify", "--json")
    #expect(damaged.status == 1)
    #expect(damaged.output.contains(#""sound" : false"#))
    #expect(try stepgraph("cache", "verify").status == 0, "what was damaged is set aside")
  }

  @Test func refreshRunsANodeAndWhatFollows() throws {
    let stepgraph = try Stepgraph()
    #expect(try stepgraph.call(Self.run).status == 0)
    let refreshed = try stepgraph.run(Self.graph, Self.settings, "--refresh", "sample[1]/next")
    #expect(refreshed.executed == ["sample[1]/next", "image"])
    #expect(try stepgraph.run(Self.graph, Self.settings).executed.isEmpty)
    let unknown = try stepgraph.call(Self.run + ["--refresh", "simple"])
    #expect(unknown.status == 2)
    #expect(unknown.errors.hasPrefix("--refresh simple: error: there is no node 'simple'"), "\(unknown.errors)")
  }

  @Test func determinismIsChecked() throws {
    let stepgraph = try Stepgraph()
    let arguments = Self.run.filter { $0 != "--quiet" } + ["--check-determinism", "4"]
    let same = try stepgraph.call(arguments)
    #expect(same.status == 0)
    #expect(same.output.hasSuffix("4 nodes computed again: the same bits\n"), "\(same.output)")

    // Another node's result under the key, as a defect would leave it: whole, and wrong.
    let entry = try #require(try entries(stepgraph).first { $0.node == "DDIMStep" })
    let other = try #require(try entries(stepgraph).first { $0.node == "CFGCombine" })
    let name = ".cache/stepgraph/v1/ac/\(entry.key.prefix(2))/\(entry.key)"
    let text = String(decoding: try stepgraph.folder.contents(name), as: UTF8.self)
    let size = try stepgraph.folder.contents(
      ".cache/stepgraph/v1/cas/\(other.outputs[0].digest.prefix(2))/\(other.outputs[0].digest)"
    ).count
    let output = try #require(text.split(separator: "\n").first { $0.hasPrefix("output latent") })
    let body = text.replacingOccurrences(
      of: output, with: "output latent latent \(other.outputs[0].digest) \(size)"
    ).components(separatedBy: "check ")[0]
    try stepgraph.folder.write(body, to: "body")
    let sum = try #require(sha256(of: "body", in: stepgraph))
    try stepgraph.folder.write("\(body)check \(sum)\n", to: name)
    let different = try stepgraph.call(Self.run + ["--check-determinism", "100"])
    #expect(different.status == 1)
    #expect(different.errors.contains("nodes computed again gave other bits than the cache holds: '"))
    #expect(different.errors.contains("next'"))
  }

  private func sha256(of name: String, in stepgraph: Stepgraph) -> String? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/sha256sum")
    process.arguments = [stepgraph.folder.file(name).path]
    let pipe = Pipe()
    process.standardOutput = pipe
    guard (try? process.run()) != nil else { return nil }
    process.waitUntilExit()
    return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile().prefix(64), as: UTF8.self)
  }

  @Test func warningsComeWithCachedResults() throws {
    let stepgraph = try Stepgraph()
    let settings = Self.settings + ["prompt=\(String(repeating: "apple ", count: 100))"]
    let arguments = ["run", Self.graph, "--quiet"] + settings.flatMap { ["--set", $0] }
    let first = try stepgraph.call(arguments)
    #expect(first.errors.contains("the prompt is longer than 77 tokens"))
    let second = try stepgraph.call(arguments)
    #expect(second.errors == first.errors)
    #expect(try stepgraph.run(Self.graph, settings).executed.isEmpty)
  }

  @Test(arguments: [
    "mkdir cas 1 EROFS", "open leases 1 EMFILE", "write cas 2 ENOSPC", "write ac 3 ENOSPC",
    "sync cas 5 EIO", "rename ac 1 EIO", "mkdir cas 4 ENOSPC",
  ])
  func aDiskThatFailsCostsOneWarning(fault: String) throws {
    var stepgraph = try Stepgraph()
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = fault
    let result = try stepgraph.call(Self.run)
    #expect(result.status == 0)
    #expect(stepgraph.folder.exists("out.png"))
    let warnings = result.errors.components(separatedBy: "warning: ").count - 1
    #expect(warnings == 1, "\(result.errors)")
    #expect(stepgraph.folder.names.filter { $0.contains("v1/tmp") || $0.contains("v1/leases") } == [])
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = nil
    #expect(try stepgraph("cache", "verify").status == 0)
    #expect(try stepgraph.call(Self.run).errors == "")
  }

  /// Processes of every kind at once, with room for a fraction of what they keep; `make soak` lets them go on.
  @Test func manyProcessesShareACache() throws {
    let stepgraph = try Stepgraph()
    #expect(try stepgraph.call(Self.run + ["--no-cache"]).status == 0)
    let pixels = try PNG.decode(Array(stepgraph.folder.contents("out.png"))).pixels
    for round in Soak.rounds(2) {
      var calls = (0..<6).map { Self.run + ["--set", "out=\($0).png", "--cache-limit", "100kB"] }
      calls += Array(repeating: ["cache", "gc", "--cache-limit", "60kB"], count: 4)
      calls += Array(repeating: ["cache", "verify"], count: 2)
      let processes = try calls.enumerated().map { index, arguments in
        try stepgraph.process(arguments, output: ".out\(index)", errors: ".err\(index)")
      }
      for process in processes { try process.run() }
      for (index, process) in processes.enumerated() {
        process.waitUntilExit()
        let errors = String(decoding: try stepgraph.folder.contents(".err\(index)"), as: UTF8.self)
        #expect(process.terminationStatus == 0 && process.terminationReason == .exit, "round \(round): \(errors)")
        #expect(errors == "")
      }
      for index in 0..<6 {
        let own = try PNG.decode(Array(stepgraph.folder.contents("\(index).png"))).pixels
        #expect(own == pixels, "round \(round)")
      }
    }
    #expect(try stepgraph("cache", "gc", "--cache-limit", "60kB", "--json").status == 0)
    #expect(try stepgraph("cache", "verify").status == 0)
  }

  /// The superuser may do everything, so refusal is injected.
  @Test(arguments: [
    ("open collector 1 EACCES", ["clear"], "nothing was removed: cannot open '", false),
    ("open collector 1 EROFS", ["gc"], "nothing was removed: cannot open '", false),
    ("lock collector 1 EIO", ["clear", "--json"], "nothing was removed: cannot lock '", false),
    ("open ac 2 EACCES", ["clear"], "nothing was removed: cannot open '", false),
    ("unlink ac 1 EACCES", ["clear"], "not all could be removed: cannot remove '", false),
    ("unlink runs 1 EROFS", ["clear", "--runs"], "not all could be removed: cannot remove '", true),
    ("unlink cas 2 EROFS", ["gc", "--cache-limit", "0"], "not all could be removed: cannot remove '", false),
    ("open cas 3 EACCES", ["verify"], "not all could be read, or set aside: cannot open '", false),
    ("open ac 3 EIO", ["verify", "--json"], "not all could be read, or set aside: cannot open '", false),
    ("open ac 1 EACCES", ["stats"], "the cache may hold more: cannot open '", false),
    ("open cas 1 EACCES", ["ls"], "the cache may hold more: cannot open '", false),
  ])
  func whatIsRefusedIsToldAsItIs(fault: String, arguments: [String], message: String, isEmpty: Bool) throws {
    var stepgraph = try Stepgraph()
    #expect(try stepgraph.call(Self.run).status == 0)
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = fault
    let result = try stepgraph.call(["cache"] + arguments)
    #expect(result.status == 1)
    #expect(result.errors.hasPrefix("error: " + message), "\(result.errors)")
    #expect(!result.output.contains("all is sound") && !result.output.contains(#""sound" : true"#))
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = nil
    if message.hasPrefix("nothing") { #expect(result.output == "") }
    if !isEmpty { #expect(blobs(stepgraph) != []) }
    #expect(try stepgraph("cache", "verify").status == 0)
    #expect(try stepgraph("cache", "clear").status == 0)
    #expect(blobs(stepgraph) == [])
  }

  @Test func pinsThatAreRefusedAreToldAsTheyAre() throws {
    var stepgraph = try Stepgraph()
    #expect(try stepgraph.call(Self.run).status == 0)
    let key = try #require(try entries(stepgraph).first).key
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = "open ac 1 EACCES"
    let unread = try stepgraph("cache", "pin", key)
    #expect(unread.status == 1 && unread.errors.hasPrefix("error: cannot open '"), "\(unread.errors)")
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = "open pins 1 EROFS"
    #expect(try stepgraph("cache", "pin", key).errors.hasSuffix("read-only file system\n"))
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = nil
    #expect(try !entries(stepgraph).contains(where: \.pinned))
    #expect(try stepgraph("cache", "pin", key).status == 0)
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = "unlink pins 1 EACCES"
    #expect(try stepgraph("cache", "unpin", key).status == 1)
    stepgraph.environment["STEPGRAPH_CACHE_FAULT"] = nil
    #expect(try entries(stepgraph).contains(where: \.pinned))
  }

  /// HOME counts where XDG_CACHE_HOME does not, and the password file where HOME does not.
  @Test func theCacheIsWhereHomeIs() throws {
    var stepgraph = try Stepgraph()
    func place() throws -> String? {
      try stepgraph("cache", "stats").output.split(separator: "\n").first.map(String.init)
    }
    let home = stepgraph.folder.file("home").path
    stepgraph.environment = ["XDG_CACHE_HOME": "", "HOME": home]
    #expect(try place() == home + "/.cache/stepgraph")
    stepgraph.environment = ["XDG_CACHE_HOME": "relative", "HOME": home]
    #expect(try place() == home + "/.cache/stepgraph")
    stepgraph.environment = ["XDG_CACHE_HOME": home + "/caches", "HOME": "/nowhere"]
    #expect(try place() == home + "/caches/stepgraph")
    let entry = try #require(getpwuid(getuid()))
    let expected = String(cString: try #require(entry.pointee.pw_dir)) + "/.cache/stepgraph"
    for value in ["", "relative"] {
      stepgraph.environment = ["XDG_CACHE_HOME": "", "HOME": value]
      #expect(try place() == expected, "\(value)")
    }
  }

  @Test(arguments: [
    (["--durability", "slow"], [:], "'slow' is invalid"), (["--cache-limit", "much"], [:], "'much' is invalid"),
    ([], ["STEPGRAPH_DURABILITY": "slow"], "STEPGRAPH_DURABILITY is 'slow'; full or fast was expected"),
    ([], ["STEPGRAPH_MIN_FREE": "much"], "STEPGRAPH_MIN_FREE is 'much'; a size such as 10GB was expected"),
    (["--check-determinism", "0"], [:], "1 or more was expected"),
    (["--check-determinism", "2", "--no-cache"], [:], "which --no-cache turns off"),
  ])
  func wrongUsageIsTold(arguments: [String], environment: [String: String], message: String) throws {
    var stepgraph = try Stepgraph()
    stepgraph.environment = environment
    let result = try stepgraph.call(Self.run + arguments)
    #expect(result.status == 64)
    #expect(result.errors.contains(message), "\(result.errors)")
  }
}
