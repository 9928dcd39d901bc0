import DiffusionModels
import GraphEngine
import StepgraphNodes
import TestSupport
import Tensors
import Testing

struct LatentToolTests {
  private func latent(_ shape: [Int], _ value: Float, _ level: NoiseLevel? = .clean) -> Latent {
    Latent(Tensor(repeating: value, shape: shape), level: level)
  }

  @Test func sizesAreToldInPixelsAndFactorsActOnCells() throws {
    let small = latent([1, 4, 3, 5], 1)
    func shape(_ parameters: [String: ParameterValue]) throws -> [Int] {
      try NodeRun("ResizeLatent", parameters, ["latent": small]).latent.tensor.shape
    }
    #expect(try shape([:]) == [1, 4, 3, 5])
    #expect(try shape(["width": .int(80)]) == [1, 4, 6, 10])
    #expect(try shape(["factor": .float(1.5)]) == [1, 4, 4, 8])
    #expect(try shape(["width": .int(8), "height": .int(64)]) == [1, 4, 8, 1])
  }

  @Test func latentsAreCutInWholeCells() throws {
    let numbered = Latent(Tensor(shape: [1, 1, 2, 3], values: [1, 2, 3, 4, 5, 6]), level: .clean)
    let run = try NodeRun("CropLatent", ["x": .int(8), "height": .int(8)], ["latent": numbered])
    #expect(try run.latent.tensor.values == [2, 3])
    #expect(
      failure("CropLatent", ["x": .int(4)], ["latent": numbered])?.message
        == "x is 4, which is no multiple of a cell's 8 pixels")
    #expect(
      failure("CropLatent", ["width": .int(32)], ["latent": numbered])?.message
        == "the rectangle reaches from x 0 to 32, but the latent's picture is 24x16")
  }

  @Test func latentsOfOneLevelAreMixed() throws {
    let (a, b) = (latent([2, 1, 1, 2], 1, NoiseLevel(0.25)), latent([1, 1, 1, 2], 3, NoiseLevel(0.25)))
    let blend = try NodeRun("BlendLatent", ["amount": .float(0.25)], ["a": a, "b": b]).latent
    #expect(blend.tensor.values == [1.5, 1.5, 1.5, 1.5] && blend.level == NoiseLevel(0.25))
    let laid = try NodeRun("CompositeLatent", ["x": .int(8)], ["destination": a, "source": b]).latent
    #expect(laid.tensor.values == [1, 3, 1, 3] && laid.level == NoiseLevel(0.25))
    let other = latent([2, 1, 1, 2], 3, NoiseLevel(0.5))
    for (type, first, second) in [("BlendLatent", "a", "b"), ("CompositeLatent", "destination", "source")] {
      let found = failure(type, [:], [first: a, second: other])
      #expect(found?.message == "'\(second)' is at level 0.5, but '\(first)' is at level 0.25")
      #expect(found?.port == second)
    }
    // The ends belong to flows and diffusions alike, levels between do not.
    #expect(failure("BlendLatent", [:], ["a": a, "b": latent([2, 1, 1, 2], 3, NoiseLevel(0.25, .flow))]) != nil)
  }

  @Test(arguments: [("mean", 0.25), ("first", 1.0), ("bilinear", 0.0)])
  func cellsTakeTheirPartOfAMask(_ cells: String, _ share: Float) throws {
    var rows = [[Float]](repeating: [Float](repeating: 0, count: 8), count: 8)
    for y in 0..<4 { for x in 0..<4 { rows[y][x] = y == 3 && x == 3 && cells == "bilinear" ? 0 : 1 } }
    let run = try NodeRun(
      "CompositeLatent", ["cells": .string(cells)],
      ["destination": latent([1, 1, 1, 1], 0), "source": latent([1, 1, 1, 1], 1), "mask": Mask(plane(rows))])
    #expect(try run.latent.tensor.values == [share])
  }

  @Test func mathKeepsWhatValuesAreOf() throws {
    let (x, y) = (latent([1, 2, 1, 2], 1, NoiseLevel(0.25)), latent([1, 2, 1, 2], 3, NoiseLevel(0.25)))
    let run = try NodeRun("TensorMath", ["a": .float(2), "b": .float(-1)], ["x": x, "y": y])
    #expect(try run.tensor.tensor.values == [-1, -1, -1, -1])
    #expect(try Latent.converting(run.tensor).level == NoiseLevel(0.25))
    let other = failure("TensorMath", [:], ["x": x, "y": latent([1, 2, 1, 2], 3, NoiseLevel(0.5))])
    #expect(other?.message == "'y' is of level 0.5, but 'x' of level 0.25")
    let kinds = failure(
      "TensorMath", [:],
      [
        "x": NoisePrediction(.zeros([1, 1, 1, 1]), kind: .epsilon),
        "y": NoisePrediction(.zeros([1, 1, 1, 1]), kind: .v),
      ])
    #expect(kinds?.message == "'y' is of prediction v, but 'x' of prediction epsilon")
  }

  @Test func channelsTakeTheStatisticsOfOthers() throws {
    let x = Latent(Tensor(shape: [1, 2, 1, 3], values: [0, 1, 2, 5, 5, 5]), level: .clean)
    let like = Latent(Tensor(shape: [1, 2, 1, 3], values: [10, 14, 18, -1, 0, 1]), level: .clean)
    func result(_ statistics: String) throws -> [Float] {
      try NodeRun("TensorMath", ["statistics": .string(statistics)], ["x": x, "like": like]).tensor.tensor.values
    }
    #expect(try result("own") == x.tensor.values)
    #expect(try result("mean") == [13, 14, 15, 0, 0, 0])
    #expect(try result("mean_and_deviation") == [10, 14, 18, 0, 0, 0])
  }

  /// Of conditionings the vector for the whole text goes along, on the wire and through the cache.
  @Test func conditioningsKeepTheirPooledVector() throws {
    func conditioning(_ value: Float, pooled: Float?) -> Conditioning {
      Conditioning(
        Tensor(repeating: value, shape: [1, 2, 3]), pooled: pooled.map { Tensor(repeating: $0, shape: [1, 4]) })
    }
    let (x, y) = (conditioning(1, pooled: 10), conditioning(2, pooled: 20))
    let made = try NodeRun("TensorMath", ["a": .float(2), "b": .float(-3)], ["x": x, "y": y]).tensor
    let kept = try made.encoded().withUnsafeBytes { try PlainTensor(decoding: $0) }
    for plain in [made, kept] {
      let back = try Conditioning.converting(plain)
      #expect(back.tensor == Tensor(repeating: -4, shape: [1, 2, 3]))
      #expect(back.pooled == Tensor(repeating: -40, shape: [1, 4]))
    }
    let one = try NodeRun("TensorMath", ["a": .float(0.5)], ["x": x]).tensor
    #expect(one.pooled == Tensor(repeating: 5, shape: [1, 4]))
    #expect(
      failure("TensorMath", [:], ["x": x, "y": conditioning(2, pooled: nil)])?.message
        == "only 'x' has a pooled vector")
    #expect(try NodeRun("TensorMath", [:], ["x": conditioning(1, pooled: nil)]).tensor.pooled == nil)
  }
}
