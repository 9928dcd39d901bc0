import Diagnostics
import Foundation
import GraphEngine
import Testing

struct NodeKeyTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.write("2", to: "model/left")
    try folder.write("3", to: "model/right")
  }

  func toy(
    value: Double = 1, plus: ParameterValue = .float(2), swapped: Bool = false,
    how: String = "a \"quoted\"\n\u{1}word é"
  ) -> ToyGraph {
    var toy = ToyGraph()
    toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
    toy.add("l", "Use", in: ["handle": "model.left"])
    toy.add("r", "Use", in: ["handle": "model.right"])
    toy.add("c", "Constant", with: ["value": .float(value)])
    toy.add("sum", "Add", in: swapped ? ["a": "c", "b": "l"] : ["a": "l", "b": "c"], with: ["plus": plus])
    toy.add("act", "Act", in: ["a": "sum.negated"], with: ["how": .string(how)])
    return toy
  }

  /// Descriptors and keys by address, of all nodes.
  func keys(
    _ toy: ToyGraph, targets: [String] = ["act", "r", "sum"], numerics: String = "test"
  ) throws -> [String: String] {
    let graph = toy.graph(targets: targets)
    let plan = try makePlan(graph, cache: nil, numerics: numerics)
    return Dictionary(
      uniqueKeysWithValues: graph.nodes.indices.map { (graph.nodes[$0].address, plan.key(of: $0)?.description ?? "") })
  }

  /// Nodes whose keys differ.
  func changes(_ a: [String: String], _ b: [String: String]) -> [String] { a.keys.filter { a[$0] != b[$0] }.sorted() }

  @Test func descriptorsAreAsTheyAlwaysWere() throws {
    let plan = try makePlan(toy().graph(targets: ["act", "r"]), cache: nil, numerics: "test")
    let texts = plan.nodes.indices.map { String(decoding: plan.descriptor(of: $0) ?? [], as: UTF8.self) }
    let keys = plan.nodes.indices.map { plan.key(of: $0)?.description ?? "" }
    for (text, key) in zip(texts, keys) { #expect(ContentDigest(hashing: Array(text.utf8)).description == key) }
    #expect(
      texts == [
        #"{"format":1,"inputs":{},"node":"Open","parameters":{},"sources":["d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35","4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce"],"version":1}"#,
        #"{"format":1,"inputs":{"handle":[["9fbd70a89ea493d7dc039ab7e7a8ba7742c11ef94e7ea0ef7308cfc1fc2f33ba","left"]]},"node":"Use","numerics":"test","parameters":{},"sources":[],"version":1}"#,
        #"{"format":1,"inputs":{"handle":[["b18f85197b1ae8ca594237cf47475563f87e783afda633534ee39f6dbae3f7ef","right"]]},"node":"Use","numerics":"test","parameters":{},"sources":[],"version":1}"#,
        #"{"format":1,"inputs":{},"node":"Constant","parameters":{"value":1.0},"sources":[],"version":1}"#,
        #"{"format":1,"inputs":{"a":[["a1e33448e1377f121c499000c5f206d618048e579e41cd5fd54928745e1f4c33","result"]],"b":[["53be437ff6e72d44d4f479d858d7a8e50a47061015da36dfefcca7d22f730ceb","result"]]},"node":"Add","numerics":"test","parameters":{"plus":2.0},"sources":[],"version":1}"#,
        #"{"format":1,"inputs":{"a":[["4582b258bd68567537523c0f22e30088a7ca916c6b6d278f108752d9bcbb26fa","negated"]]},"node":"Act","numerics":"test","parameters":{"how":"a \"quoted\"\n\u0001word é"},"sources":[],"version":1}"#,
      ])
    // SHA-256 of the last text, as other tools compute it.
    #expect(keys.last == "065b3666ccf49a04d1de0822569ef91fc1fed18183ee2a84be76b299cb11ab9d")
  }

  @Test func eachChangeReachesItsDownstreamConeAlone() throws {
    let base = try keys(toy())
    #expect(try keys(toy()) == base)
    #expect(changes(base, try keys(toy(value: 1.5))) == ["act", "c", "sum"])
    #expect(changes(base, try keys(toy(value: -0.0))) == ["act", "c", "sum"])
    #expect(changes(base, try keys(toy(plus: .float(3)))) == ["act", "sum"])
    #expect(changes(base, try keys(toy(how: "else"))) == ["act"])
    #expect(changes(base, try keys(toy(swapped: true))) == ["act", "sum"])
    #expect(changes(base, try keys(toy(), numerics: "other")) == ["act", "l", "r", "sum"])
    try folder.write("4", to: "model/right")
    #expect(changes(base, try keys(toy())) == ["model", "r"])
    try folder.write("3", to: "model/right")
    try folder.write("4", to: "model/left")
    #expect(changes(base, try keys(toy())) == ["act", "l", "model", "sum"])
  }

  @Test func aNewVersionChangesKeys() throws {
    struct Next: Node {
      static let info = NodeInfo(type: "Constant", version: 2, lane: .inline, summary: "A number.")
      let number = Parameter<Double>("value", "The number.")
      let result = Output<ToyNumber>("result", "The number.")
      func run(_ io: inout NodeIO) throws { io[result] = ToyNumber(io[number]) }
    }
    var graph = toy().graph(targets: ["act", "r"])
    let before = try makePlan(graph, cache: nil, numerics: "test")
    graph.nodes[3].declaration = NodeDeclaration(Next.self)
    let after = try makePlan(graph, cache: nil, numerics: "test")
    #expect(
      graph.nodes.indices.map { before.key(of: $0) != after.key(of: $0) } == [false, false, false, true, true, true])
  }

  @Test func aListIsPartOfTheKeyItemByItem() throws {
    struct Lists: Node {
      static let info = NodeInfo(type: "Lists", version: 1, lane: .inline, summary: "A number.")
      let names = Parameter<[String]>("names", "Texts.", default: [])
      let times = OptionalParameter<[Double]>("times", "Numbers.")
      let result = Output<ToyNumber>("result", "How many.")
      func run(_ io: inout NodeIO) throws { io[result] = ToyNumber(Double(io[names].count + (io[times] ?? []).count)) }
    }
    func descriptor(_ values: [String: ParameterValue]) throws -> String {
      var graph = toy().graph(targets: ["c"])
      graph.nodes[3].declaration = NodeDeclaration(Lists.self)
      graph.nodes[3].parameters = NodeParameters(values)
      let plan = try makePlan(graph, cache: nil, numerics: "test")
      return String(decoding: plan.descriptor(of: 3) ?? [], as: UTF8.self)
    }
    let head = #"{"format":1,"inputs":{},"node":"Lists","parameters":"#
    #expect(
      try descriptor(["names": .list([.string("a, b"), .string("\"")]), "times": .list([.float(999), .float(850.5)])])
        == head + #"{"names":["a, b","\""],"times":[999.0,850.5]},"sources":[],"version":1}"#)
    #expect(
      try descriptor(["names": .list([]), "times": .absent]) == head + #"{"names":[]},"sources":[],"version":1}"#)
  }

  @Test func settingsAreResolvedBeforeKeysAreMade() throws {
    struct Auto: Node {
      static let info = NodeInfo(type: "Auto", version: 1, lane: .inline, summary: "A number.")
      let precision = Parameter<String>("precision", "How exact.", default: "auto", options: ["auto", "f32", "bf16"])
      let result = Output<ToyNumber>("result", "The number.")
      func resolve(_ parameters: inout NodeParameters) throws {
        if parameters[precision] == "auto" { parameters[precision] = "f32" }
      }
      func run(_ io: inout NodeIO) throws { io[result] = ToyNumber(io[precision] == "f32" ? 1 : 2) }
    }
    func plan(_ precision: String) throws -> Plan {
      var graph = toy().graph(targets: ["c"])
      graph.nodes[3].declaration = NodeDeclaration(Auto.self)
      graph.nodes[3].parameters = NodeParameters(["precision": .string(precision)])
      return try makePlan(graph, cache: nil, numerics: "test")
    }
    #expect(try plan("auto").key(of: 3) == plan("f32").key(of: 3))
    #expect(try plan("auto").key(of: 3) != plan("bf16").key(of: 3))
    #expect(try plan("auto").graph.nodes[3].parameters.values == ["precision": .string("f32")])
  }

  /// What reaches one output alone is in its key and not in another's.
  @Test func anOutputsKeyHoldsWhatReachesIt() throws {
    func keys(_ with: [String: ParameterValue] = [:], right: String? = "model.right") throws -> [String: String] {
      var toy = ToyGraph()
      toy.add("model", "Open", with: ["path": .path(folder.path + "/model")])
      toy.add(
        "tune", "Tune", in: ["left": "model.left"].merging(right.map { ["right": $0] } ?? [:]) { $1 },
        with: with)
      toy.add("l", "Use", in: ["handle": "tune.left"])
      toy.add("r", "Use", in: ["handle": "tune.right"])
      return try self.keys(toy, targets: ["l", "r"])
    }
    let base = try keys()
    #expect(changes(base, try keys(["left_scale": .float(2)])) == ["l", "tune"])
    #expect(changes(base, try keys(["right_scale": .float(2)])) == ["r", "tune"])
    #expect(changes(base, try keys(["both": .float(2)])) == ["l", "r", "tune"])
    #expect(changes(base, try keys(right: "model.left")) == ["r", "tune"])
    #expect(changes(base, try keys(right: nil)) == ["r", "tune"])
    try folder.write("4", to: "model/right")
    #expect(changes(base, try keys()) == ["model", "r", "tune"])
  }

  /// Files that are told apart by what they are to the node, and by nothing else.
  @Test func aFilesRoleIsPartOfTheKey() throws {
    struct Named: Node {
      static let info = NodeInfo(type: "Named", version: 1, lane: .inline, summary: "A number.")
      let path = Parameter<String>("path", "A file.", path: .read)
      let role = Parameter("role", "What it is.", default: "")
      let result = Output<ToyNumber>("result", "The number.")
      func sources(_ parameters: NodeParameters) -> [NodeSource] {
        let role = parameters[role]
        return [NodeSource(parameters[path], role: role.isEmpty ? nil : role)]
      }
      func run(_ io: inout NodeIO) throws { io[result] = ToyNumber(1) }
    }
    func sources(_ role: String) throws -> Substring {
      var graph = toy().graph(targets: ["c"])
      graph.nodes[3].declaration = NodeDeclaration(Named.self)
      graph.nodes[3].parameters = NodeParameters([
        "path": .path(folder.path + "/model/left"), "role": .string(role),
      ])
      let plan = try makePlan(graph, cache: nil, numerics: "test")
      let text = String(decoding: plan.descriptor(of: 3) ?? [], as: UTF8.self)
      return text.split(separator: #""sources":"#, maxSplits: 1).last ?? ""
    }
    let digest = #""d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35""#
    #expect(try sources("") == "[\(digest)],\"version\":1}")
    #expect(try sources("a") == "[[\"a\",\(digest)]],\"version\":1}")
  }
}
