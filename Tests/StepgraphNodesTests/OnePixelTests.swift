import DiffusionModels
import GraphEngine
import StepgraphNodes
import Tensors
import Testing

/// Pictures, masks and latents of one pixel through every tool.
struct OnePixelTests {
  private let dot = grey([[0.5]])
  private let mask = Mask(plane([[0.25]]))
  private let latent = Latent(Tensor(shape: [1, 4, 1, 1], values: [1, 2, 3, 4]), level: .clean)

  @Test func picturesOfOnePixelStayPictures() throws {
    func image(_ type: String, _ parameters: [String: ParameterValue] = [:], _ more: [String: any WireValue] = [:])
      throws -> [Int]
    {
      let made = try NodeRun(type, parameters, ["image": dot].merging(more) { $1 }).image
      #expect(made.values.allSatisfy { $0.isFinite }, "\(type)")
      return made.shape
    }
    for name in ["brightness", "contrast", "saturation"] {
      #expect(try image("Adjust", [name: .float(0)]) == [1, 3, 1, 1])
    }
    #expect(try image("Canny") == [1, 3, 1, 1])
    #expect(try image("Crop") == [1, 3, 1, 1])
    for fill in ["grey", "edge", "reflect"] {
      #expect(try image("Pad", ["left": .int(3), "bottom": .int(2), "fill": .string(fill)]) == [1, 3, 3, 4])
    }
    for method in ["nearest", "bilinear", "bicubic", "lanczos", "area"] {
      let resized = try NodeRun(
        "ResizeImage", ["width": .int(7), "height": .int(5), "method": .string(method)], ["image": dot]
      ).image
      #expect(resized.shape == [1, 3, 5, 7] && resized.values.allSatisfy { abs($0 - 0.5) < 1e-6 }, "\(method)")
      let shrunk = try NodeRun(
        "ResizeImage", ["width": .int(1), "height": .int(1), "method": .string(method)], ["image": Image(resized)])
      #expect(try abs(shrunk.image.values[0] - 0.5) < 1e-6)
    }
    #expect(try NodeRun("Blend", ["mode": .string("multiply")], ["a": dot, "b": dot]).image.shape == [1, 3, 1, 1])
    #expect(
      try NodeRun("Composite", [:], ["destination": dot, "source": dot, "mask": mask]).image.shape == [1, 3, 1, 1])
    let root = Fixtures.root.deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appending(path: "Examples/emoji/upscaler/realesr-animevideov3-x4.safetensors").path
    let upscaler = try #require(try NodeRun("LoadUpscaler", ["path": .string(file)]).outputs["upscaler"])
    #expect(try image("UpscaleImage", [:], ["upscaler": upscaler]) == [1, 3, 4, 4])
  }

  @Test func masksOfOnePixelStayMasks() throws {
    for pixels in [-1024, -1, 0, 1, 1024] as [Int128] {
      for corners in ["tapered", "square"] {
        let grown = try NodeRun(
          "GrowMask", ["pixels": .int(pixels), "corners": .string(corners)], ["mask": mask])
        #expect(try grown.mask == mask.tensor)
      }
    }
    let soft = try NodeRun("FeatherMask", ["radius": .float(5)], ["mask": mask]).mask
    #expect(soft.shape == [1, 1, 1, 1] && abs(soft.values[0] - 0.25) < 1e-6)
    #expect(try NodeRun("InvertMask", [:], ["mask": mask]).mask == plane([[0.75]]))
    #expect(try NodeRun("ImageFromMask", [:], ["mask": mask]).image.shape == [1, 3, 1, 1])
    #expect(try NodeRun("MaskFromImage", [:], ["image": dot]).mask.shape == [1, 1, 1, 1])
    #expect(try NodeRun("RectangleMask", [:], ["image": dot]).mask == plane([[1]]))
    #expect(
      try NodeRun("CombineMasks", ["operation": .string("add")], ["a": mask, "b": mask]).mask == plane([[0.5]]))
  }

  @Test func latentsOfOneCellStayLatents() throws {
    for method in ["nearest", "nearest-exact", "bilinear", "bicubic", "area", "bislerp"] {
      let run = try NodeRun(
        "ResizeLatent", ["width": .int(24), "height": .int(16), "method": .string(method)], ["latent": latent])
      let made = try run.latent.tensor
      #expect(
        made.shape == [1, 4, 2, 3] && zip(made.values, 0...).allSatisfy { abs($0 - Float($1 / 6 + 1)) < 1e-5 },
        "\(method)")
    }
    #expect(try NodeRun("CropLatent", [:], ["latent": latent]).latent.tensor == latent.tensor)
    #expect(try NodeRun("BlendLatent", [:], ["a": latent, "b": latent]).latent.tensor == latent.tensor)
    #expect(
      try NodeRun("CompositeLatent", [:], ["destination": latent, "source": latent, "mask": mask]).latent.tensor.shape
        == [1, 4, 1, 1])
    for statistics in ["own", "mean", "mean_and_deviation"] {
      let made = try NodeRun("TensorMath", ["statistics": .string(statistics)], ["x": latent, "like": latent]).tensor
      #expect(made.tensor == latent.tensor, "\(statistics)")
    }
    // A VAE takes no picture smaller than a latent's cell.
    let root = Fixtures.root.deletingLastPathComponent().deletingLastPathComponent()
    let model = try NodeRun("LoadModel", ["path": .string(root.appending(path: "Examples/emoji/model").path)])
    let vae = try #require(model.outputs["vae"])
    #expect(
      failure("Encode", [:], ["vae": vae, "image": dot])?.message
        == "the image is 1 wide and 1 high; the VAE takes multiples of 4")
  }
}
