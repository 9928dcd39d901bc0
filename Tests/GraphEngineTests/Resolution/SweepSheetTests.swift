import GraphEngine
import Testing

/// The sheet of a sweep, and the files that its pictures embed.
struct SweepSheetTests {
  private func sheet(_ toy: ToyFiles, _ choice: SheetChoice = .beside) throws -> [String] {
    try toy.sheets(choice).resolve().outline.suffix(2).map { $0 }
  }

  @Test func aSheetShowsAllPoints() throws {
    #expect(
      try sheet(swept().sweep("seed", "1,2")) == [
        "sheet/png/cells = Grid(images: seed=1/image+seed=2/image, labels=[2 columns, seed, 1, 2], sizes=[0, 1])",
        "sheet/png = Save(image: sheet/png/cells, path=out-sheet.png)",
      ])
    let matrix = swept("matrix: {prompt: [cat, ''], cfg: [5, 6, 7]}, exclude: [{prompt: cat, cfg: 6}]")
    #expect(
      try sheet(matrix, .at("/tmp/x/../s.png")) == [
        "sheet/png/cells = Grid(images: prompt=cat,cfg=5/image+prompt=cat,cfg=7/image+prompt=empty,cfg=5/image"
          + "+prompt=empty,cfg=6/image+prompt=empty,cfg=7/image, labels=[2 columns, prompt, cfg, cat, \"\", 5, 6, 7],"
          + " sizes=[0, 4, 1, 3, 5])",
        "sheet/png = Save(image: sheet/png/cells, path=/tmp/s.png)",
      ])
    let graph = try matrix.sheets(.beside).resolve()
    #expect(graph.targetAddresses.last == "sheet/png")
    #expect(try matrix.sheets(.none).resolve().nodes.count == 25)
    #expect(try matrix.sheets(.beside).target("image").resolve().nodes.count == 25)
    #expect(try matrix.sheets(.beside).target("png").resolve().nodes.count == 27)
  }

  @Test func aThirdAxisMakesBlocksAndALongOneWraps() throws {
    let three = try sheet(swept().sweep("seed", "1,2").sweep("mode", "plain,karras").sweep("cfg", "3,4"))
    #expect(
      three[0].hasSuffix(
        "labels=[2 columns, seed, mode, 1, 2, plain, karras, cfg = 3, cfg = 4], sizes=[0, 4, 2, 6, 1, 5, 3, 7])"))
    let nine = try sheet(swept().sweep("seed", "0..9"))
    #expect(
      nine[0].hasSuffix(
        "labels=[4 columns, seed, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9], sizes=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])"))
  }

  @Test func aSheetHasItsPlaceEvenWithoutACommonName() throws {
    func place(_ path: String) throws -> String? {
      try swept(path: path).sweep("seed", "1,2").sheets(.beside).resolve().nodes.last?.parameters.values["path"]?.text
    }
    #expect(try place("pics/out-$(seed).png") == "pics/out-sheet.png")
    #expect(try place("$(seed).png") == "sheet.png")
    #expect(try place("pics/$(seed)/out.png") == "pics/sheet.png")
  }

  @Test func aSheetOfManyPointsIsAskedFor() throws {
    let many = swept().sweep("seed", "1..401")
    let graph = try many.sheets(.beside).resolve()
    #expect(graph.nodes.count == 401 * 5)
    #expect(graph.warnings.map(\.message) == ["a sweep of more than 400 points is not shown on a sheet"])
    #expect(try many.sheets(.none).resolve().warnings.isEmpty)
    #expect(try many.sheets(.at("s.png")).resolve().nodes.count == 401 * 5 + 2)
    #expect(try swept().sweep("seed", "1..400").sheets(.beside).resolve().nodes.count == 400 * 5 + 2)
  }

  @Test func aSheetNeedsOneSink() {
    let two = swept(more: "  two: {node: Save, in: {image: image}, with: {path: b.png}}").sweep("seed", "1,2")
    #expect(
      two.sheets(.at("s.png")).problems() == [
        "--sheet s.png: --sheet names one file, but the sweep's pictures are written by 2 nodes, 'png', 'two'; choose one with --target"
      ])
    #expect(two.sheets(.at("s.png")).target("two").problems().isEmpty)
    #expect(two.sheets(.beside).problems().isEmpty)
    #expect(swept().sheets(.at("s.png")).problems() == ["--sheet s.png: nothing is swept"])
    #expect(
      swept(path: "out-$(seed).png", more: "  two: {node: Save, in: {image: image}, with: {path: out-sheet.png}}")
        .sweep("seed", "1").sheets(.beside).problems() == [])
  }

  @Test func aPointEmbedsItselfAlone() throws {
    let graph = try swept("matrix: {seed: [1, 2], prompt: [a, $$(b)]}").set("cfg", "3").resolve()
    let text = graph.points[3].workflow
    #expect(text.contains("seed: {type: int, default: 2, min: 0}"))
    #expect(text.contains("prompt: {type: string, default: $$(b)}"))
    #expect(!text.contains("sweep"))
    let again = try ToyFiles(text).resolve()
    #expect(again.points.isEmpty)
    #expect(
      again.nodes.dropLast().map(\.parameters.values) == graph.nodes.suffix(5).dropLast().map(\.parameters.values))
    #expect(again.nodes.last?.parameters.values["path"] == .path("out.png"))
  }

  @Test func theSheetEmbedsTheSweep() throws {
    let graph = try swept("matrix: {seed: [1, 2], prompt: [a, $$(b)]}, exclude: [{seed: 1, prompt: a}]")
      .set("cfg", "3").sweep("mode", "plain,karras").sheets(.beside).resolve()
    #expect(
      graph.workflow.hasSuffix(
        "\nsweep: {matrix: {seed: [1, 2], prompt: [a, $$(b)], mode: [plain, karras]}, exclude: [{seed: 1, prompt: a}]}\n"
      ))
    let again = try ToyFiles(graph.workflow).sheets(.beside).resolve()
    #expect(again.outline == graph.outline)
    #expect(again.workflow == graph.workflow)
  }

  @Test func noFileDescribesASweepOfSubgraphs() throws {
    let toy = ToyFiles([
      "Graphs/g.yaml": """
      stepgraph: 1
      params: {method: {type: path, default: s/a.yaml}}
      nodes: {sample: {graph: $(method)}, image: {node: Decode, in: {latent: sample}}}
      outputs: {image: image}
      sweep: {matrix: {method: [s/a.yaml, s/b.yaml]}}
      """,
      "Graphs/s/a.yaml": "stepgraph: 1\nnodes: {x: {node: Start}}\noutputs: {x: x}\nsweep: {matrix: {y: [1]}}",
      "Graphs/s/b.yaml": "stepgraph: 1\nnodes: {x: {node: Start, with: {width: 8}}}\noutputs: {x: x}",
      "b.yaml": "stepgraph: 1\nnodes: {x: {node: Start, with: {width: 16}}}\noutputs: {x: x}",
    ])
    let graph = try toy.resolve("Graphs/g.yaml")
    #expect(graph.points.map(\.address) == ["method=a", "method=b"])
    #expect(graph.workflow.isEmpty)
    #expect(graph.outputs.keys.sorted() == ["method=a/image", "method=b/image"])
    #expect(graph.points[1].workflow.contains("width: 8"))
    let typed = try toy.sweep("method", "b.yaml|Graphs/s/b.yaml").resolve("Graphs/g.yaml")
    #expect(typed.nodes.compactMap { $0.parameters.values["width"]?.text } == ["16", "8"])
  }
}
