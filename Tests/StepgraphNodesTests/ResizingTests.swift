import DiffusionModels
import GraphEngine
import Safetensors
import StepgraphNodes
import Tensors
import Testing

/// Pictures and latents of other sizes, as Pillow and torch make them; `Fixtures/tools/make_tools.py` wrote what they made.
struct ResizingTests {
  static let sizes = [(13, 9), (26, 18), (7, 5), (31, 3), (1, 1), (5, 40), (12, 10)]

  @Test(arguments: ["nearest", "bilinear", "bicubic", "lanczos", "area"], sizes)
  func picturesAreThoseOfPillow(_ method: String, _ size: (Int, Int)) throws {
    let file = try Fixtures.tensors("tools/resizing.safetensors")
    let run = try NodeRun(
      "ResizeImage", ["width": .int(Int128(size.0)), "height": .int(Int128(size.1)), "method": .string(method)],
      ["image": Image(file.tensor("picture").asPicture)])
    #expect(try run.image.isWithinOne(of: file.tensor("\(method).\(size.0)x\(size.1)")), "\(method) \(size)")
  }

  @Test(arguments: ["nearest", "nearest-exact", "bilinear", "bicubic", "area", "bislerp"], sizes)
  func latentsAreThoseOfTorch(_ method: String, _ size: (Int, Int)) throws {
    let file = try Fixtures.tensors("tools/resizing.safetensors")
    let run = try NodeRun(
      "ResizeLatent",
      ["width": .int(Int128(size.0 * 8)), "height": .int(Int128(size.1 * 8)), "method": .string(method)],
      ["latent": Latent(file.tensor("latent"), level: .clean)])
    let expected = try file.tensor("latent.\(method).\(size.0)x\(size.1)")
    #expect(try run.latent.tensor.greatestDifference(to: expected) <= 1e-5, "\(method) \(size)")
    #expect(try run.latent.level == .clean)
  }

  /// ComfyUI's filters for pictures are those for latents.
  @Test(arguments: ["nearest", "bilinear", "bicubic", "area"], sizes)
  func picturesAreThoseOfTorch(_ method: String, _ size: (Int, Int)) throws {
    let file = try Fixtures.tensors("tools/resizing.safetensors")
    let run = try NodeRun(
      "ResizeImage",
      [
        "width": .int(Int128(size.0)), "height": .int(Int128(size.1)), "method": .string(method),
        "convention": .string("comfyui"),
      ], ["image": Image(file.tensor("latent"))])
    let theirs = method == "nearest" ? "nearest-exact" : method
    let expected = try file.tensor("latent.\(theirs).\(size.0)x\(size.1)")
    #expect(try run.image.greatestDifference(to: expected) <= 1e-5, "\(method) \(size)")
  }

  /// With bytes between the axes too, so that no byte is another one.
  @Test(arguments: sizes)
  func lanczosOfComfyUIIsPillowsOnBytes(_ size: (Int, Int)) throws {
    let file = try Fixtures.tensors("tools/resizing.safetensors")
    let run = try NodeRun(
      "ResizeImage",
      ["width": .int(Int128(size.0)), "height": .int(Int128(size.1)), "convention": .string("comfyui")],
      ["image": Image(file.tensor("picture").asPicture)])
    let expected = try file.tensor("lanczos.\(size.0)x\(size.1)").asPicture
    #expect(try run.image.greatestDifference(to: expected) <= 1e-6, "\(size)")
  }

  private func size(_ parameters: [String: ParameterValue], of width: Int = 30, _ height: Int = 20) throws -> [Int] {
    Array(
      try NodeRun("ResizeImage", parameters, ["image": Image(.zeros([1, 3, height, width]))]).image.shape.dropFirst(2)
        .reversed())
  }

  @Test func sizesAreToldInManyWays() throws {
    #expect(try size([:]) == [30, 20])
    #expect(try size(["width": .int(15)]) == [15, 10])
    #expect(try size(["height": .int(7)]) == [10, 7])
    #expect(try size(["width": .int(9), "height": .int(33)]) == [9, 33])
    #expect(try size(["factor": .float(1.5)]) == [45, 30])
    #expect(try size(["factor": .float(0.001)]) == [1, 1])
    #expect(try size(["pixels": .int(2400)]) == [60, 40])
    #expect(try size(["longest": .int(12)]) == [12, 8])
    #expect(try size(["longest": .int(12)], of: 20, 31) == [8, 12])
    #expect(try size(["longest": .int(7)], of: 5, 5) == [7, 7])
    #expect(try size(["multiple": .int(8)]) == [32, 24])
    #expect(try size(["multiple": .int(64)]) == [64, 64])
    #expect(try size(["width": .int(100), "multiple": .int(16)]) == [96, 64])
  }

  @Test func aPictureThatHasTheSizeStaysToTheBit() throws {
    let picture = SeededPicture.image(width: 24, height: 16)
    for method in ["nearest", "bilinear", "bicubic", "lanczos", "area"] {
      let run = try NodeRun("ResizeImage", ["multiple": .int(8), "method": .string(method)], ["image": picture])
      #expect(try run.image == picture.tensor, "\(method)")
    }
  }

  @Test func otherProportionsAreCutEvenly() throws {
    let wide = grey([[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]])
    let run = try NodeRun(
      "ResizeImage",
      ["width": .int(2), "height": .int(1), "fit": .string("crop"), "method": .string("nearest")], ["image": wide])
    #expect(try Array(run.image.values.prefix(2)) == [0.3, 0.4])
  }

  @Test func contradictionsAreRefused() {
    #expect(
      failure("ResizeImage", ["factor": .float(2), "height": .int(3)], ["image": grey([[0]])])?.message
        == "the size is told by 'factor' and by 'height'")
    #expect(
      failure("ResizeImage", ["pixels": .int(2), "factor": .float(2)], ["image": grey([[0]])])?.message
        == "the size is told by 'pixels' and by 'factor'")
    #expect(
      failure("ResizeImage", ["factor": .float(64)], ["image": Image(.zeros([1, 3, 1, 300]))])?.message
        == "a picture of 300x1 would be 19200x64, more than 16384 a side")
  }
}

/// Pictures of seeded noise.
enum SeededPicture {
  static func image(width: Int, height: Int, seed: UInt64 = 1) -> Image {
    var state = seed
    let values = (0..<3 * width * height).map { _ -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 23) - 1
    }
    return Image(Tensor(shape: [1, 3, height, width], values: values))
  }
}
