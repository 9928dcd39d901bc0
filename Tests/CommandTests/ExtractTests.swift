import Foundation
import StepgraphNodes
import Testing

/// A picture carries all that is needed to draw it again.
struct ExtractTests {
  @Test(arguments: ["txt2img", "txt2img-cfg", "img2img"])
  func anExtractedWorkflowDrawsTheSamePicture(_ name: String) throws {
    let stepgraph = try Stepgraph()
    let graph = Repository.graphs.appending(path: "\(name).yaml").path
    let prompt = "prompt=no: \"quoted\" # $$(text), ünï ✓"
    try stepgraph.copyModel()
    let settings = ["model=model", "steps=3", prompt]
    _ = try stepgraph.run(graph, settings + (name == "img2img" ? ["first=1"] : ["seed=random"]))
    let picture = try stepgraph.folder.contents("out.png")

    let extracted = try stepgraph("extract", "out.png", "-o", "again.yaml")
    #expect(extracted.status == 0, "\(extracted.errors)")
    let text = String(decoding: try stepgraph.folder.contents("again.yaml"), as: UTF8.self)
    for line in text.split(separator: "\n") where line.contains("path") { #expect(!line.contains(": /")) }
    #expect(!text.contains(stepgraph.folder.path))

    try FileManager.default.removeItem(at: stepgraph.folder.file("out.png"))
    _ = try stepgraph.run("again.yaml", [], "--no-cache")
    #expect(try PNG.decode(Array(stepgraph.folder.contents("out.png"))).pixels == PNG.decode(Array(picture)).pixels)
  }

  /// The picture in a folder of its own, started elsewhere: paths are relative to the working directory.
  @Test func aPictureIsRun() throws {
    let stepgraph = try Stepgraph()
    let graph = Repository.graphs.appending(path: "txt2img.yaml").path
    try stepgraph.copyModel()
    _ = try stepgraph.run(graph, ["model=model", "steps=2", "seed=7", "out=pictures/out.png"])
    let picture = try stepgraph.folder.contents("pictures/out.png")
    #expect(try stepgraph("validate", "pictures/out.png").output == "pictures/out.png: valid\n")
    #expect(try stepgraph("plan", "pictures/out.png").output.hasSuffix("1 to run, 1 from the cache\n"))
    #expect(try stepgraph.run("pictures/out.png").executed.isEmpty)
    #expect(try stepgraph.folder.contents("pictures/out.png") == picture)
    let events = try stepgraph.run("pictures/out.png", ["seed=8", "out=other.png"])
    #expect(events.executed.contains("sample[1]/next"))
    #expect(try PNG.decode(Array(stepgraph.folder.contents("other.png"))).pixels != PNG.decode(Array(picture)).pixels)
    #expect(try stepgraph("lock", "pictures/out.png").status == 0)
    #expect(try stepgraph("plan", "pictures/out.png", "--locked").status == 0)
    #expect(try stepgraph("explain", "pictures/out.png", "image").status == 0)
    // A mistake is told at the line of the workflow in the picture.
    let result = try stepgraph.failure(["run", "pictures/out.png", "--set", "width=1"])
    #expect(result.status == 2 && result.errors.hasPrefix("--set width=1: error: 'width' takes 8 or more, not 1\n"))
  }

  @Test func picturesWithoutAWorkflowAreToldFromThoseWithOne() throws {
    let stepgraph = try Stepgraph()
    let plain = try PNG.encode(pixels: [1, 2, 3], width: 1, height: 1)
    try Data(plain).write(to: stepgraph.folder.file("plain.png"))
    // After the signature and IHDR, a tEXt chunk as ComfyUI writes it; its checksum is not looked at.
    let text = Array("prompt".utf8) + [0] + Array("{}".utf8)
    let chunk = [0, 0, 0, UInt8(text.count)] + Array("tEXt".utf8) + text + [0, 0, 0, 0]
    try Data(plain[..<33] + chunk + plain[33...]).write(to: stepgraph.folder.file("comfy.png"))
    try Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 16] + Array("JFIF".utf8)).write(to: stepgraph.folder.file("photo.jpg"))
    try Data(Array("RIFF".utf8) + [1, 0, 0, 0] + Array("WEBPVP8 ".utf8)).write(to: stepgraph.folder.file("photo.webp"))
    try Data(plain[..<20]).write(to: stepgraph.folder.file("cut.png"))
    let none = "holds no workflow; only pictures that SavePNG wrote do\n"
    let other = "which holds no workflow\n    = PNG files that SavePNG wrote hold one\n"
    for (file, message) in [
      ("plain.png", "'plain.png' \(none)"),
      ("cut.png", "'cut.png': a damaged PNG file: it is cut off within a chunk\n"),
      (
        "comfy.png",
        "'comfy.png' holds a workflow of ComfyUI; 'stepgraph import' makes a workflow of it that can be run\n"
      ),
      ("photo.jpg", "'photo.jpg' is a JPEG picture, \(other)"),
      ("photo.webp", "'photo.webp' is a WebP picture, \(other)"),
    ] {
      let result = try stepgraph.failure(["run", file])
      #expect(result.errors.replacing("  = PNG", with: "    = PNG") == "error: \(message)")
      #expect(result.status == 2)
    }
  }

  @Test func extractPrintsWithoutAnOutput() throws {
    let stepgraph = try Stepgraph()
    let graph = Repository.graphs.appending(path: "txt2img.yaml").path
    _ = try stepgraph.run(graph, ["model=\(Repository.tinyModel)", "steps=1"])
    #expect(try stepgraph("extract", "out.png").output.hasPrefix("stepgraph: 1\n"))
  }
}
