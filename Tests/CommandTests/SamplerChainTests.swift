import Foundation
import Testing

/// Chains of every method of Graphs/samplers, cut apart and put together.
struct SamplerChainTests {
  private static let steps = 5
  /// Evaluations of a run: PLMS has one more than steps, and methods of two stages one less than twice as many.
  private static let evaluations = [
    "plms": steps + 1, "heun": 2 * steps - 1, "dpm2": 2 * steps - 1, "dpm2-ancestral": 2 * steps - 1,
  ]

  private static func methods() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: Repository.graphs.appending(path: "samplers").path)
      .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  private static let head = """
    stepgraph: 1
    nodes:
      model:    {node: LoadModel, with: {path: \(Repository.fixtures.path)/sd2-tiny/model}}
      uncond:   {node: TextEncode, in: {clip: model.clip}, with: {text: ""}}
      positive: {node: TextEncode, in: {clip: model.clip}, with: {text: a red apple}}
      start:    {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16, seed: 3}}

    """

  /// A call of a method's graph for some of its steps.
  private static func call(
    _ method: String, as name: String, latent: String = "start", history: String? = nil, with: String = ""
  ) -> String {
    let history = history.map { ", history: \($0)" } ?? ""
    return """
        \(name):
          graph: \(Repository.graphs.path)/samplers/\(method).yaml
          in: {unet: model.unet, positive: positive, uncond: uncond, latent: \(latent)\(history)}
          with: {steps: \(steps), seed: 9\(with)}

      """
  }

  private static func save(_ node: String) -> String {
    "  save_\(node): {node: SaveTensor, in: {tensor: \(node).latent}, with: {path: \(node).safetensors}}\n"
  }

  /// A run that ends after evaluation k, and another process that goes on from its cache, for every k.
  @Test func aChainCutAnywhereGivesTheSameBits() throws {
    let methods = try Self.methods()
    #expect(methods.count >= 19)
    let graph =
      Self.head
      + methods.enumerated().map { Self.call($1, as: "m\($0)") + Self.save("m\($0)") }.joined()
    let unbroken = try Stepgraph()
    try unbroken.folder.write(graph, to: "g.yaml")
    _ = try unbroken.run("g.yaml", [], "--no-cache")

    for cut in 0..<(2 * Self.steps - 2) {
      let stepgraph = try Stepgraph()
      try stepgraph.folder.write(graph, to: "g.yaml")
      let cuttable = methods.enumerated().filter { cut < (Self.evaluations[$1] ?? Self.steps) - 1 }
      let targets = cuttable.flatMap { ["--target", "m\($0.offset)/sample[\(cut)]/next"] }
      let first = try stepgraph.call(["run", "g.yaml", "--quiet"] + targets)
      #expect(first.status == 0, "\(first.errors)")
      let executed = try stepgraph.run("g.yaml").executed
      for (index, method) in cuttable {
        #expect(!executed.contains("m\(index)/sample[\(cut)]/next"), "\(method) was not cached at \(cut)")
        #expect(executed.contains("m\(index)/sample[\(cut + 1)]/next"), "\(method) did not go on at \(cut + 1)")
        #expect(
          try stepgraph.folder.contents("m\(index).safetensors") == unbroken.folder.contents("m\(index).safetensors"),
          "\(method) cut after evaluation \(cut)")
      }
    }
  }

  /// Two calls, one for the steps before k and one for those after, are the same nodes as one call for all of them.
  @Test func twoCallsAreOneChain() throws {
    let stepgraph = try Stepgraph()
    let methods = try Self.methods()
    let whole = methods.enumerated().map { Self.call($1, as: "m\($0)") + Self.save("m\($0)") }.joined()
    try stepgraph.folder.write(Self.head + whole, to: "whole.yaml")
    _ = try stepgraph.run("whole.yaml")
    for cut in 0...Self.steps {
      let halves = try methods.enumerated().map { index, method in
        let remembers = try text(of: method).contains("inputs.history")
        return Self.call(method, as: "first\(index)", with: ", last: \(cut)")
          + Self.call(
            method, as: "m\(index)", latent: "first\(index).latent",
            history: remembers && cut > 0 ? "first\(index).history" : nil, with: ", first: \(cut)")
          + Self.save("m\(index)")
      }
      try stepgraph.folder.write(Self.head + halves.joined(), to: "halves.yaml")
      #expect(try stepgraph.run("halves.yaml").executed == [], "cut at \(cut)")
    }
  }

  @Test func everyGraphIsValidAndHasTheInterface() throws {
    for method in try Self.methods() {
      let result = try Stepgraph()("validate", Repository.graphs.appending(path: "samplers/\(method).yaml").path)
      #expect(result.status == 0, "\(result.errors)")
      let graph = try text(of: method)
      for part in [
        "denoiser", "positive", "uncond", "negative", "latent", "references", "concat", "after", "steps",
        "first", "last", "begin", "cfg", "guidance", "seed", "spacing", "curve",
      ] {
        #expect(graph.contains("  \(part): "), "\(method) has no \(part)")
      }
      #expect(graph.contains(#/ begin: +{type: int, +default: \$\(first\), /#), "\(method)")
      let history = graph.contains("inputs.history") ? ", history: sample.history" : ""
      #expect(
        graph.contains("outputs: {latent: sample.latent, denoised: sample.denoised\(history), schedule: schedule}"),
        "\(method)")
    }
  }

  /// Where a method begins afresh is in the key of its steps, and nothing else is: not how a chain is cut, nor `begin`
  /// where a history is wired.
  @Test func aFreshStartIsAnotherChain() throws {
    let stepgraph = try Stepgraph()
    let chain = Self.call("lms", as: "a", with: ", last: 2")
    func executed(_ second: String) throws -> Set<String> {
      try stepgraph.folder.write(Self.head + chain + second + Self.save("b"), to: "g.yaml")
      return try stepgraph.run("g.yaml").executed.filter { $0.hasPrefix("b/sample") && $0.hasSuffix("next") }
    }
    let rest = Set((2..<Self.steps).map { "b/sample[\($0)]/next" })
    let history = "a.history"
    #expect(try executed(Self.call("lms", as: "b", latent: "a.latent", history: history, with: ", first: 2")) == rest)
    #expect(
      try executed(Self.call("lms", as: "b", latent: "a.latent", history: history, with: ", first: 2, begin: 1")) == [])
    #expect(try executed(Self.call("lms", as: "b", latent: "a.latent", with: ", first: 2")) == rest)
    #expect(try executed(Self.call("lms", as: "b", latent: "a.latent", with: ", first: 2, begin: 2")) == [])
  }

  /// Two steps of one method and the rest of another, which begins afresh where the first one ends.
  @Test func methodsFollowEachOther() throws {
    let stepgraph = try Stepgraph()
    // All of these space leading times by T / N.
    let family = ["ddim", "ddpm", "euler", "euler-ancestral", "lms", "heun"]
    var graph = Self.head
    for (index, method) in family.enumerated() {
      graph += Self.call(method, as: "first\(index)", with: ", last: 2")
      for (next, other) in family.enumerated() {
        graph += Self.call(other, as: "m\(index)\(next)", latent: "first\(index).latent", with: ", first: 2")
        graph += Self.save("m\(index)\(next)")
      }
    }
    try stepgraph.folder.write(graph, to: "g.yaml")
    _ = try stepgraph.run("g.yaml")
  }

  private func text(of method: String) throws -> String {
    try String(contentsOf: Repository.graphs.appending(path: "samplers/\(method).yaml"), encoding: .utf8)
  }
}
