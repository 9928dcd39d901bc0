import Foundation
import GraphEngine
import Testing

/// How long nodes should take, from manifests written by hand.
struct ExpectedTimesTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.write("2", to: "model/left")
    try folder.write("3", to: "model/right")
  }

  func toy(value: Double = 1, plus: Double = 0, milliseconds: Int = 3) -> ToyGraph {
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    toy.add("use", "Use", in: ["handle": "model.left"])
    toy.add("value", "Constant", with: ["value": .float(value)])
    toy.add("sum", "Add", in: ["a": "use", "b": "value"], with: ["plus": .float(plus)])
    toy.add("sleep", "ActIO", in: ["a": "sum"], with: ["milliseconds": .int(Int128(milliseconds))])
    return toy
  }

  /// The record of a run in which nodes took the given seconds.
  func manifest(_ toy: ToyGraph, _ seconds: [String: Double], all: Double? = nil) async throws -> RunManifest {
    let cache = DiskCache(at: folder.path + "/cache-\(UUID().uuidString)")
    _ = try await Executor(cache: cache, numerics: "test").run(toy.graph(targets: ["sleep"]))
    let manifest = try #require(cache.recentManifests().first)
    var json = try #require(
      JSONSerialization.jsonObject(with: JSONEncoder().encode(manifest)) as? [String: Any])
    var nodes = try #require(json["nodes"] as? [[String: Any]])
    for index in nodes.indices { nodes[index]["seconds"] = (nodes[index]["node"] as? String).flatMap { seconds[$0] } }
    json["nodes"] = nodes
    if let all { json["seconds"] = all }
    return try JSONDecoder().decode(RunManifest.self, from: JSONSerialization.data(withJSONObject: json))
  }

  func expected(_ manifests: [RunManifest], _ toy: ToyGraph) throws -> [String: Double] {
    let plan = try makePlan(toy.graph(targets: ["sleep"]), cache: nil, numerics: "test")
    let seconds = ExpectedTimes(of: plan, from: manifests).seconds
    return Dictionary(
      uniqueKeysWithValues: zip(plan.graph.nodes.map(\.address), seconds).compactMap { name, time in
        time.map { (name, $0) }
      })
  }

  @Test func likeNodesTakeLikeTimes() async throws {
    let all = ["use": 4.0, "value": 0.5, "sum": 2, "sleep": 3]
    let first = try await manifest(toy(), all)
    #expect(try expected([], toy()) == [:])
    #expect(try expected([first], toy()) == all)
    // Floats are no amounts of work; an int is, until it is seen not to be.
    #expect(try expected([first], toy(value: 7, plus: 9)) == all)
    #expect(try expected([first], toy(milliseconds: 4)) == ["use": 4, "value": 0.5, "sum": 2])
    let other = try await manifest(toy(milliseconds: 5), ["use": 4, "value": 0.5, "sum": 2, "sleep": 5])
    #expect(try expected([other, first], toy(milliseconds: 4))["sleep"] == 5)
    #expect(try expected([other, first], toy(milliseconds: 3))["sleep"] == 3)
    // The median, so that one slow run does not count.
    let slow = try await manifest(toy(value: 3), ["use": 4, "value": 0.5, "sum": 90, "sleep": 3])
    let third = try await manifest(toy(value: 4), ["use": 4, "value": 0.5, "sum": 1, "sleep": 3])
    #expect(try expected([first, slow, third], toy(value: 8))["sum"] == 2)
    // What is quick whatever it does is quick once more.
    let quick = try await manifest(toy(), ["use": 4, "value": 0.001, "sum": 2, "sleep": 0.04])
    #expect(try expected([quick], toy(milliseconds: 4)) == ["use": 4, "value": 0.001, "sum": 2, "sleep": 0.04])
    // Another model is another matter; what comes after it is alike, as numbers have no sizes.
    try folder.write("22", to: "model/left")
    #expect(try expected([first], toy()) == ["value": 0.5, "sum": 2, "sleep": 3])
  }

  @Test func whatARunSpendsBesideItsNodesIsTold() async throws {
    let plan = try makePlan(toy(value: 9).graph(targets: ["sleep"]), cache: nil, numerics: "test")
    func total(_ seconds: Double) async throws -> Double? {
      let manifest = try await manifest(toy(), ["use": 4, "value": 0, "sum": 0, "sleep": 0], all: seconds)
      let times = ExpectedTimes(of: plan, from: [manifest])
      return times.total(of: times.seconds)
    }
    #expect(try await abs((total(4.002) ?? 0) - 4.002) < 1e-9, "half a millisecond for each of four nodes")
    #expect(try await abs((total(9) ?? 0) - 4.004) < 1e-9, "what happens once is no matter of each node")
    #expect(try await abs((total(3) ?? 0) - 4) < 1e-9)
    #expect(ExpectedTimes(of: plan, from: []).total(of: [nil, nil]) == nil)
  }
}
