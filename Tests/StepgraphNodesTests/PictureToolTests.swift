import GraphEngine
import StepgraphNodes
import Tensors
import Testing

/// Cutting, padding, laying over, blending and adjusting pictures.
struct PictureToolTests {
  @Test(arguments: ["brightness", "contrast", "saturation"], ["0.0", "0.4", "1.7"])
  func adjustmentsAreThoseOfPillow(_ name: String, _ factor: String) throws {
    let file = try Fixtures.tensors("tools/adjusting.safetensors")
    let run = try NodeRun(
      "Adjust", [name: .float(try #require(Double(factor)))], ["image": Image(file.tensor("picture").asPicture)])
    #expect(try run.image.isWithinOne(of: file.tensor("\(name).\(factor)")))
  }

  @Test(arguments: [("0.4", "0.8"), ("0.1", "0.3"), ("0.2", "0.95")])
  func edgesAreThoseOfKornia(_ low: String, _ high: String) throws {
    let file = try Fixtures.tensors("tools/edges.safetensors")
    let picture = try file.tensor("picture")
    let run = try NodeRun(
      "Canny", ["low": .float(try #require(Double(low))), "high": .float(try #require(Double(high)))],
      ["image": Image(Tensor.combination(2, picture, -1, Tensor(repeating: 1, shape: picture.shape)))])
    let expected = try file.tensor("edges.\(low).\(high)").values
    #expect(expected.contains(1) && expected.contains(0))
    #expect(try run.image.values.prefix(expected.count).elementsEqual(expected.map { 2 * $0 - 1 }))
  }

  @Test func adjustmentsOfOneChangeNoBit() throws {
    let picture = SeededPicture.image(width: 9, height: 7)
    #expect(try NodeRun("Adjust", [:], ["image": picture]).image == picture.tensor)
  }

  @Test func rectanglesAreCutOut() throws {
    let picture = grey([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])
    let run = try NodeRun("Crop", ["x": .int(1), "y": .int(1), "height": .int(1)], ["image": picture])
    #expect(try run.image == grey([[0.5, 0.6]]).tensor)
    let outside = failure("Crop", ["x": .int(1), "width": .int(3)], ["image": picture])
    #expect(outside?.message == "the rectangle reaches from x 1 to 4, but the picture is 3x3")
    #expect(outside?.port == "width")
    #expect(
      failure("Crop", ["y": .int(3)], ["image": picture])?.message
        == "the rectangle begins at y 3, but the picture is 3x3")
  }

  @Test func paddingAddsWhatIsAskedFor() throws {
    let picture = grey([[0.1, 0.2, 0.3]])
    func padded(_ fill: String) throws -> [Float] {
      let run = try NodeRun(
        "Pad", ["left": .int(2), "right": .int(3), "fill": .string(fill)], ["image": picture])
      #expect(try run.mask == plane([[1, 1, 0, 0, 0, 1, 1, 1]]))
      return Array(try run.image.values.prefix(8))
    }
    #expect(try padded("grey") == [0, 0, 0.1, 0.2, 0.3, 0, 0, 0])
    #expect(try padded("edge") == [0.1, 0.1, 0.1, 0.2, 0.3, 0.3, 0.3, 0.3])
    #expect(try padded("reflect") == [0.3, 0.2, 0.1, 0.2, 0.3, 0.2, 0.1, 0.2])
    let one = try NodeRun(
      "Pad", ["top": .int(2), "multiple": .int(4), "fill": .string("reflect")], ["image": grey([[0.5]])])
    #expect(try one.image == Tensor(repeating: 0.5, shape: [1, 3, 4, 4]))
    #expect(try one.mask == plane([[1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1]]))
  }

  /// The numbers of ComfyUI's ImagePadForOutpaint: squares of (4 - d) / 4, d pixels from the side that grows.
  @Test func theMaskOfPaddingFallsBySquares() throws {
    let run = try NodeRun(
      "Pad", ["left": .int(1), "feather": .int(4)], ["image": Image(.zeros([1, 3, 9, 10]))])
    let row = try run.mask.values[11 * 4..<11 * 5]
    #expect(Array(row) == [1, 1, 0.5625, 0.25, 0.0625, 0, 0, 0, 0, 0, 0])
    let narrow = try NodeRun(
      "Pad", ["left": .int(1), "feather": .int(4)], ["image": Image(.zeros([1, 3, 8, 10]))])
    #expect(try Set(narrow.mask.values) == [0, 1])
  }

  @Test func onlyWhatTheMaskShowsChanges() throws {
    let (below, above) = (SeededPicture.image(width: 6, height: 4), SeededPicture.image(width: 3, height: 3, seed: 9))
    let mask = Mask(plane([[0, 1, 0], [1, 0.5, 1], [0, 1, 0]]))
    let run = try NodeRun(
      "Composite", ["x": .int(4), "y": .int(-1)], ["destination": below, "source": above, "mask": mask])
    for channel in 0..<3 {
      for y in 0..<4 {
        for x in 0..<6 {
          let old = below.tensor.values[(channel * 4 + y) * 6 + x]
          var expected = old
          if x >= 4, y <= 1 {
            let new = above.tensor.values[(channel * 3 + y + 1) * 3 + x - 4]
            let m = mask.tensor.values[(y + 1) * 3 + x - 4]
            expected = m == 0 ? old : m == 1 ? new : 0.5 * old + 0.5 * new
          }
          #expect(try run.image.values[(channel * 4 + y) * 6 + x] == expected)
        }
      }
    }
    let apart = try NodeRun("Composite", ["x": .int(6)], ["destination": below, "source": above])
    #expect(try apart.image == below.tensor)
  }

  /// Of 0.75 and 0.25 in 0...1: a b, 1 - (1 - a)(1 - b), a - b, 1 - 2 (1 - a)(1 - b), a - (1 - 2 b) a (1 - a).
  private static let blends: [(mode: String, value: Float)] = [
    ("normal", 0.25), ("multiply", 0.1875), ("screen", 0.8125), ("difference", 0.5), ("overlay", 0.625),
    ("soft_light", 0.65625),
  ]

  @Test(arguments: blends)
  func blendsFollowTheirFormulas(_ mode: String, _ value: Float) throws {
    let expected = 2 * value - 1
    let run = try NodeRun(
      "Blend", ["amount": .float(1), "mode": .string(mode)], ["a": grey([[0.5]]), "b": grey([[-0.5]])])
    #expect(try abs(run.image.values[0] - expected) < 1e-6)
    let half = try NodeRun("Blend", ["mode": .string(mode)], ["a": grey([[0.5]]), "b": grey([[-0.5]])])
    #expect(try abs(half.image.values[0] - (0.25 + expected / 2)) < 1e-6)
  }

  @Test func picturesOfOtherSizesDoNotBlend() {
    let found = failure("Blend", [:], ["a": grey([[0, 0]]), "b": grey([[0]])])
    #expect(found?.message == "'b' is 1 of 1x1, but 'a' is 1 of 2x1")
  }
}
