import GraphEngine
import StepgraphNodes
import Tensors
import Testing

/// Pictures as prompts, against what ComfyUI 0.8.0 makes of them with tiny models (`Fixtures/comfyui/make_pictures.py`).
struct PicturePromptTests {
  private static func path(_ name: String) -> ParameterValue {
    .path(Fixtures.root.appending(path: "comfyui/\(name).safetensors").path)
  }

  private func expected(_ name: String) throws -> Tensor {
    try Fixtures.tensors("comfyui/pictures.safetensors").tensor(name)
  }

  private func encoded(_ kind: String, _ crop: String) throws -> NodeRun {
    let encoder = try #require(try NodeRun("LoadPictureEncoder", ["path": Self.path(kind)]).outputs["encoder"])
    // The picture is in 0...1.
    let picture = try expected("picture")
    let image = Image(2 * picture - Tensor(repeating: 1, shape: picture.shape))
    return try NodeRun("EncodePicture", ["crop": .string(crop)], ["encoder": encoder, "image": image])
  }

  private func expectNear(_ value: (any WireValue)?, _ name: String) throws {
    let ours = try #require(value as? PlainTensor).tensor
    let theirs = try expected(name)
    let relative = ours.greatestDifference(to: theirs) / (theirs.values.map(abs).max() ?? 1)
    #expect(relative < 2e-4, "\(name): \(relative)")
  }

  @Test(arguments: ["siglip", "clip"], ["center", "none"])
  func statesAreComfyUIs(_ kind: String, _ crop: String) throws {
    let run = try encoded(kind, crop)
    try expectNear(run.outputs["states"], "\(kind).\(crop).states")
    if kind == "clip" { try expectNear(run.outputs["pooled"], "clip.\(crop).pooled") }
  }

  @Test func picturesStandBehindTexts() throws {
    let style = try #require(try NodeRun("LoadStyleModel", ["path": Self.path("redux")]).outputs["stylemodel"])
    let text = Conditioning(Tensor(repeating: 2, shape: [1, 3, 32]), pooled: .zeros([1, 4]))
    let states = try #require(try encoded("siglip", "center").outputs["states"])
    let run = try NodeRun(
      "ApplyStyle", ["strength": .float(0.5)], ["stylemodel": style, "states": states, "conditioning": text])
    let joined = try #require(run.outputs["conditioning"] as? Conditioning)
    #expect(joined.tensor.shape == [1, 7, 32] && joined.pooled == text.pooled)
    let rows = joined.tensor.reshaped([7, 32])
    #expect(rows.samples(0..<3).values.allSatisfy { $0 == 2 })
    let style2 = 2 * rows.samples(3..<7)
    #expect(style2.greatestDifference(to: try expected("redux").reshaped([4, 32])) < 1e-4)
    let narrow = Conditioning(.zeros([1, 3, 16]))
    #expect(
      failure("ApplyStyle", [:], ["stylemodel": style, "states": states, "conditioning": narrow])?.port
        == "conditioning")
  }

  @Test func stylesAreComfyUIs() throws {
    let projector = try #require(
      try NodeRun("LoadStyleProjector", ["path": Self.path("uso")]).outputs["projector"])
    let deep = try #require(try encoded("siglip", "center").outputs["deep"])
    let run = try NodeRun("ProjectStyle", [:], ["projector": projector, "deep": deep])
    try expectNear(run.outputs["style"], "uso")
    let states = try #require(try encoded("siglip", "center").outputs["states"])
    #expect(failure("ProjectStyle", [:], ["projector": projector, "deep": states])?.port == "deep")
  }

  @Test(arguments: [("one", [0.75], [0.0]), ("noisy", [1.0], [0.3]), ("two", [0.75, 0.5], [0.0, 0.1])])
  func pooledVectorsAreComfyUIs(_ name: String, _ strengths: [Double], _ noise: [Double]) throws {
    let pictures = try ["center", "none"].prefix(strengths.count).map { crop in
      try #require(try encoded("clip", crop).outputs["pooled"])
    }
    let text = Conditioning(.zeros([1, 3, 8]), pooled: .zeros([1, 48]))
    let run = try NodeRun(
      "UnCLIPConditioning",
      [
        "strengths": .list(strengths.map { .float($0) }), "noise": .list(noise.map { .float($0) }),
        "seed": .int(1234),
      ], ["conditioning": text], several: ["pictures": pictures])
    let pooled = try #require(run.outputs["conditioning"] as? Conditioning).pooled
    let expected = try expected("unclip.\(name)")
    #expect(try #require(pooled).greatestDifference(to: expected) < 1e-4)
    #expect(
      failure(
        "UnCLIPConditioning", ["strengths": .list([.float(1), .float(2)])],
        ["conditioning": text, "pictures": pictures[0]])?.port == "strengths")
  }
}
