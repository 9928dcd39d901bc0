import GraphEngine
import Testing

/// The files that are written, in the order of their nodes.
private func written(_ toy: ToyFiles) throws -> [String?] {
  try toy.resolve().nodes.filter { $0.declaration.info.isSink }.map { $0.parameters.values["path"]?.text }
}

struct SweepNamesTests {
  @Test(arguments: [
    ("seed", "1,2", ["out-seed1.png", "out-seed2.png"]), ("cfg", "0.5", ["out-cfg0.5.png"]),
    ("seed", "8..11", ["out-seed08.png", "out-seed09.png", "out-seed10.png", "out-seed11.png"]),
    ("cfg", "0.25,7.5,10", ["out-cfg00.25.png", "out-cfg07.5.png", "out-cfg10.png"]),
    ("prompt", "7|10", ["out-prompt7.png", "out-prompt10.png"]),
    ("mode", "plain,karras", ["out-mode_plain.png", "out-mode_karras.png"]),
    ("prompt", "a red apple|", ["out-prompt_a_red_apple.png", "out-prompt_empty.png"]),
    ("prompt", "A cat|a cat", ["out-prompt_A_cat-a7a8377f.png", "out-prompt_a_cat-51e46741.png"]),
    ("prompt", "a/../b|苹果", ["out-prompt_a_.._b-900ea8b7.png", "out-prompt__-50537dab.png"]),
    (
      "prompt", "a red apple on a yellow background with leaves",
      ["out-prompt_a_red_apple_on_a_yellow-a80f69ec.png"]
    ),
  ])
  func filesAreNamedAfterTheirPoints(_ name: String, _ text: String, _ paths: [String]) throws {
    #expect(try written(swept().sweep(name, text)) == paths)
  }

  @Test func filesThatDifferAnywayKeepTheirNames() throws {
    #expect(
      try written(swept(path: "pics/$(seed)-$(cfg).png").sweep("seed", "1,2").sweep("cfg", "5"))
        == ["pics/1-5.png", "pics/2-5.png"])
    #expect(
      try written(swept(path: "a.b/$(seed)").sweep("seed", "1,2").sweep("cfg", "5,6"))
        == ["a.b/1-seed1-cfg5", "a.b/1-seed1-cfg6", "a.b/2-seed2-cfg5", "a.b/2-seed2-cfg6"])
    #expect(
      try written(swept().set("out", "/tmp/x.png").sweep("seed", "1,2")) == ["/tmp/x-seed1.png", "/tmp/x-seed2.png"])
  }

  @Test func noTwoPointsShareAFile() throws {
    let toy = ToyFiles(
      """
      stepgraph: 1
      params: {a: {type: string, default: x}, b: {type: string, default: x}}
      nodes:
        start: {node: Start}
        image: {node: Decode, in: {latent: start}}
        png: {node: Save, in: {image: image}, with: {path: o.png}}
      """)
    let paths = try written(toy.sweep("a", "1|1-b_z").sweep("b", "z-b_z|z"))
    #expect(paths.count == 4)
    #expect(Set(paths).count == 4)
  }

  @Test func twoSinksWithOnePathAreAnError() {
    let toy = swept("matrix: {seed: [1, 2]}", more: "  two: {node: Save, in: {image: image}, with: {path: ./out.png}}")
    #expect(
      toy.problems() == [
        "g.yaml:19:54: 'seed=1/png' and 'seed=1/two' write one file, 'out-seed1.png'; the other one is at g.yaml:18:54"
      ])
  }
}
