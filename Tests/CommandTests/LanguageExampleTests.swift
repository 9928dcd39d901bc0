import Foundation
import StepgraphNodes
import Testing

/// The workflows that show what the language can say draw what they say.
struct LanguageExampleTests {
  private static let model = "model=\(Repository.tinyModel)"
  private static let examples = Repository.root.appending(path: "Examples")

  private func example(_ name: String) throws -> (path: String, text: String) {
    let file = Self.examples.appending(path: "\(name).yaml")
    return (file.path, try String(contentsOf: file, encoding: .utf8))
  }

  @Test func guidanceFallsInOneLine() throws {
    let stepgraph = try Stepgraph()
    let (path, text) = try example("falling-guidance")
    _ = try stepgraph.run(path, [Self.model, "steps=5"])
    // The same scales written out are the same nodes, and all there.
    let line = "\"$(lerp(strong, weak, i/max(steps-1, 1)))\""
    #expect(text.contains(line))
    let listed = text.replacing(line, with: "\"$(scales[i])\"")
      .replacing("  strong:", with: "  scales: {type: [float], default: [6, 4.75, 3.5, 2.25, 1]}\n  strong:")
    try stepgraph.folder.write(listed, to: "listed.yaml")
    #expect(try stepgraph.run("listed.yaml", [Self.model, "steps=5"]).executed.isEmpty)
    // One step has no way to fall.
    _ = try stepgraph.run(path, [Self.model, "steps=1"])
  }

  @Test func everyStepIsOnTheSheet() throws {
    let stepgraph = try Stepgraph()
    let (path, text) = try example("every-step")
    let events = try stepgraph.run(path, [Self.model, "steps=6", "columns=3"])
    for step in 0..<6 { #expect(events.executed.contains("sample[\(step)]/view")) }
    // The pictures by themselves, which come from the cache, are those on the sheet, in their order.
    try stepgraph.folder.write(
      text.replacing("{image: sheet}", with: "{image: [sample.picture]}"), to: "single.yaml")
    #expect(try stepgraph.run("single.yaml", [Self.model, "steps=6", "out=step.png"]).executed.isEmpty)
    let places = try places(of: (0..<6).map { "step-\($0).png" }, on: "out.png", in: stepgraph)
    #expect(Set(places.map(\.y)).count == 2 && Set(places.map(\.x)).count == 3)
    #expect(places == places.sorted { ($0.y, $0.x) < ($1.y, $1.x) })
    // Swept, each point writes all of its pictures, and the sheet shows them in the point's cell.
    let swept = try stepgraph.call(
      [
        "run", "single.yaml", "--quiet", "--set", Self.model, "--set", "steps=2", "--set", "out=s.png", "--sweep",
        "cfg=1,3",
      ])
    #expect(swept.status == 0, "\(swept.errors)")
    #expect(
      stepgraph.folder.names.filter { $0.hasPrefix("s-") }
        == ["s-cfg1-0.png", "s-cfg1-1.png", "s-cfg3-0.png", "s-cfg3-1.png", "s-sheet.png"])
    _ = try self.places(of: ["s-cfg1-1.png", "s-cfg3-0.png"], on: "s-sheet.png", in: stepgraph)
    // A picture's own workflow draws it again.
    #expect(try stepgraph("run", "out.png", "--no-cache", "--set", "out=again.png", "--quiet").status == 0)
    #expect(try pixels("again.png", in: stepgraph) == pixels("out.png", in: stepgraph))
  }

  @Test func fourSeedsAreOnOneSheet() throws {
    let stepgraph = try Stepgraph()
    let (path, _) = try example("four-seeds")
    _ = try stepgraph.run(path, [Self.model, "steps=2", "seeds=7, 8,9,18446744073709551615", "out=sheet.png"])
    let single = Self.examples.appending(path: "one-sampler.yaml").path
    let seeds = ["7", "8", "9", "18446744073709551615"]
    for seed in seeds {
      let events = try stepgraph.run(single, [Self.model, "steps=2", "seed=\(seed)", "out=\(seed).png"])
      #expect(events.executed.isEmpty)
    }
    let places = try places(of: seeds.map { "\($0).png" }, on: "sheet.png", in: stepgraph)
    #expect(Set(places.map(\.y)).count == 1)
    #expect(places == places.sorted { $0.x < $1.x })
  }

  @Test func twoMethodsTakeTurns() throws {
    let stepgraph = try Stepgraph()
    let (path, _) = try example("alternate-methods")
    var events = try stepgraph.run(path, [Self.model, "steps=5"])
    let steps = events.filter { $0.event == "finished" && ["DDIMStep", "EulerStep"].contains($0.type) }
    #expect(
      steps.compactMap(\.node).sorted() == [
        "turns[0]/one/sample[0]/next", "turns[0]/two/sample[1]/next", "turns[1]/one/sample[2]/next",
        "turns[1]/two/sample[3]/next", "turns[2]/one/sample[4]/next",
      ])
    #expect(steps.allSatisfy { ($0.type == "DDIMStep") == $0.node?.contains("/one/") })
    // Of two steps, it is what mixes two methods in the middle.
    _ = try stepgraph.run(path, [Self.model, "steps=2"])
    let mix = Repository.graphs.appending(path: "mix-solvers.yaml").path
    let prompt = "prompt=a red apple on a yellow background"
    events = try stepgraph.run(mix, [Self.model, "steps=2", "change_at=1", prompt], "--target", "b")
    #expect(events.executed.isEmpty)
  }

  // MARK: Helpers

  private struct Place: Equatable {
    let x: Int
    let y: Int
  }

  private func pixels(_ name: String, in stepgraph: Stepgraph) throws -> [UInt8] {
    try PNG.decode(Array(stepgraph.folder.contents(name))).pixels
  }

  /// Where each picture stands on a sheet.
  private func places(of names: [String], on sheet: String, in stepgraph: Stepgraph) throws -> [Place] {
    let sheet = try PNG.decode(Array(stepgraph.folder.contents(sheet)))
    return try names.map { name in
      let picture = try PNG.decode(Array(stepgraph.folder.contents(name)))
      func row(_ y: Int) -> ArraySlice<UInt8> { picture.pixels[y * picture.width * 3..<(y + 1) * picture.width * 3] }
      func stands(_ x: Int, _ y: Int) -> Bool {
        (0..<picture.height).allSatisfy { line in
          let start = ((y + line) * sheet.width + x) * 3
          return sheet.pixels[start..<start + picture.width * 3].elementsEqual(row(line))
        }
      }
      for y in 0...(sheet.height - picture.height) {
        for x in 0...(sheet.width - picture.width) where stands(x, y) { return Place(x: x, y: y) }
      }
      throw CocoaError(.fileNoSuchFile)
    }
  }
}
