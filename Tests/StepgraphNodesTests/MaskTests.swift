import GraphEngine
import StepgraphNodes
import Tensors
import Testing

struct MaskTests {
  @Test func masksAreMadeOfPictures() throws {
    let picture = Image(Tensor(shape: [1, 3, 1, 2], values: [1, -1, 0, 1, -1, 1]))
    func mask(_ channel: String) throws -> [Float] {
      try NodeRun("MaskFromImage", ["channel": .string(channel)], ["image": picture]).mask.values
    }
    #expect(try mask("red") == [1, 0])
    #expect(try mask("green") == [0.5, 1])
    #expect(try mask("blue") == [0, 1])
    #expect(try zip(mask("luminance"), [0.299 + 0.587 / 2, 0.587 + 0.114]).allSatisfy { abs($0 - $1) < 1e-6 })
    // What overshoots is cut off.
    #expect(
      try NodeRun("MaskFromImage", ["channel": .string("red")], ["image": grey([[-3, 3]])]).mask.values == [0, 1])
  }

  @Test func masksAreSeenAsGreyPictures() throws {
    let run = try NodeRun("ImageFromMask", [:], ["mask": Mask(plane([[0, 0.5, 1]]))])
    #expect(try run.image == grey([[-1, 0, 1]]).tensor)
  }

  @Test func rectanglesLieWithinTheirCanvas() throws {
    let parameters: [String: ParameterValue] = [
      "width": .int(4), "height": .int(3), "x": .int(1), "y": .int(1), "rectangle_width": .int(2),
      "rectangle_height": .int(9), "value": .float(0.5), "outside": .float(0.25),
    ]
    let expected = plane([[0.25, 0.25, 0.25, 0.25], [0.25, 0.5, 0.5, 0.25], [0.25, 0.5, 0.5, 0.25]])
    #expect(try NodeRun("RectangleMask", parameters).mask == expected)
    let picture = Image(.zeros([1, 3, 2, 5]))
    #expect(try NodeRun("RectangleMask", [:], ["image": picture]).mask == Tensor(repeating: 1, shape: [1, 1, 2, 5]))
  }

  @Test func masksGrowAndShrink() throws {
    let point = Mask(
      plane([[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0.8, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]))
    func grown(_ pixels: Int128, _ corners: String, _ mask: Mask) throws -> Tensor {
      try NodeRun("GrowMask", ["pixels": .int(pixels), "corners": .string(corners)], ["mask": mask]).mask
    }
    #expect(
      try grown(2, "tapered", point)
        == plane([
          [0, 0, 0.8, 0, 0], [0, 0.8, 0.8, 0.8, 0], [0.8, 0.8, 0.8, 0.8, 0.8], [0, 0.8, 0.8, 0.8, 0],
          [0, 0, 0.8, 0, 0],
        ]))
    #expect(try grown(2, "square", point) == Tensor(repeating: 0.8, shape: [1, 1, 5, 5]))
    #expect(try grown(0, "square", point) == point.tensor)
    #expect(try grown(-1, "square", point) == .zeros([1, 1, 5, 5]))
    // What touches a side is as if it went on beyond it.
    let side = Mask(plane([[1, 1, 1, 0]]))
    #expect(try grown(-1, "tapered", side) == plane([[1, 1, 0, 0]]))
    #expect(try grown(1024, "tapered", side) == plane([[1, 1, 1, 1]]))
  }

  /// An even window reaches one pixel further to those below and to the right.
  @Test func masksGrowByWindows() throws {
    let point = Mask(plane([[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]))
    func grown(_ window: Int128) throws -> Tensor {
      try NodeRun("GrowMask", ["window": .int(window)], ["mask": point]).mask
    }
    #expect(try grown(1) == point.tensor)
    #expect(
      try grown(2)
        == plane([[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 0]]))
    #expect(
      try grown(4)
        == plane([[0, 0, 0, 0, 0], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1], [0, 1, 1, 1, 1]]))
    #expect(try grown(5) == Tensor(repeating: 1, shape: [1, 1, 5, 5]))
  }

  @Test func masksBecomeSharp() throws {
    let mask = Mask(plane([[0, 0.5, 0.50001, 1]]))
    #expect(try NodeRun("ThresholdMask", [:], ["mask": mask]).mask == plane([[0, 0, 1, 1]]))
    #expect(try NodeRun("ThresholdMask", ["value": .float(1)], ["mask": mask]).mask == plane([[0, 0, 0, 0]]))
  }

  @Test func edgesBecomeSoft() throws {
    let edge = Mask(plane([[Float](repeating: 0, count: 20) + [Float](repeating: 1, count: 20)]))
    let soft = try NodeRun("FeatherMask", ["radius": .float(2)], ["mask": edge]).mask.values
    #expect(zip(soft, soft.dropFirst()).allSatisfy { $0 <= $1 + 1e-6 })
    #expect(abs(soft[0]) < 1e-6 && abs(soft[39] - 1) < 1e-6 && abs(soft[19] + soft[20] - 1) < 1e-5)
    // The normal distribution at half a pixel from the edge, of deviation 2: 0.4013.
    #expect(abs(soft[19] - 0.4013) < 0.002)
    #expect(try NodeRun("FeatherMask", [:], ["mask": edge]).mask == edge.tensor)
  }

  /// The numbers of ComfyUI's FeatherMask: (place + 1) / width of the ramp.
  @Test func sidesFadeOut() throws {
    let full = Mask(Tensor(repeating: 1, shape: [1, 1, 2, 6]))
    let run = try NodeRun("FeatherMask", ["left": .int(4), "right": .int(2), "top": .int(2)], ["mask": full])
    let row: [Float] = [0.25, 0.5, 0.75, 1, 1, 0.5]
    #expect(try run.mask.values == row.map { $0 / 2 } + row)
  }

  @Test func masksAreCombined() throws {
    let (a, b) = (Mask(plane([[0, 0.5, 1, 0.75]])), Mask(plane([[1, 0.75, 1, 0.5]])))
    func combined(_ operation: String) throws -> [Float] {
      try NodeRun("CombineMasks", ["operation": .string(operation)], ["a": a, "b": b]).mask.values
    }
    #expect(try combined("add") == [1, 1, 1, 1])
    #expect(try combined("subtract") == [0, 0, 0, 0.25])
    #expect(try combined("multiply") == [0, 0.375, 1, 0.375])
    #expect(try combined("max") == [1, 0.75, 1, 0.75])
    #expect(try combined("min") == [0, 0.5, 1, 0.5])
    #expect(try combined("difference") == [1, 0.25, 0, 0.25])
    let small = try NodeRun(
      "CombineMasks", ["operation": .string("multiply"), "x": .int(1)], ["a": a, "b": Mask(plane([[0]]))])
    #expect(try small.mask.values == [0, 0, 1, 0.75])
    #expect(try NodeRun("InvertMask", [:], ["mask": a]).mask.values == [1, 0.5, 0, 0.25])
  }

  /// The one rule for masks of another size.
  @Test func masksOfTheSameProportionsAreResizedAndOthersRefused() throws {
    let picture = SeededPicture.image(width: 8, height: 4)
    let run = try NodeRun(
      "Composite", [:],
      [
        "destination": picture,
        "source": grey([
          [Float](repeating: 0, count: 8), [0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0],
          [0, 0, 0, 0, 0, 0, 0, 0],
        ]), "mask": Mask(plane([[0, 1]])),
      ])
    #expect(run.warnings == ["the mask is 2x1, but the source is 8x4; it is resized"])
    #expect(try run.image.values[0] == picture.tensor.values[0])
    #expect(try run.image.values[7] == 0)
    let other = failure(
      "Blend", [:], ["a": picture, "b": picture, "mask": Mask(.zeros([1, 1, 64, 64]))])
    #expect(other?.message == "the mask is 64x64, but the picture is 8x4, of other proportions")
    #expect(other?.port == "mask")
    let several = failure(
      "Blend", [:], ["a": picture, "b": picture, "mask": Mask(.zeros([2, 1, 4, 8]))])
    #expect(several?.message == "there are 2 masks for 1; one, or one for each, was expected")
  }
}
