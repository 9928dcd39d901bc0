import Foundation
import StepgraphNodes
import Testing

/// Files of all kinds through a graph that reads, encodes and writes: grey, of 16 bits, CMYK, progressive, of one pixel, and cut.
struct PictureFileTests {
  private struct Files: Decodable {
    struct Picture: Decodable {
      let name: String
      let jpeg: Data
    }

    let pictures: [Picture]
  }

  private static func jpeg(_ name: String) throws -> Data {
    let data = try Data(contentsOf: Repository.fixtures.appending(path: "tools/jpegs.json"))
    return try #require(try JSONDecoder().decode(Files.self, from: data).pictures.first { $0.name == name }).jpeg
  }

  /// Up to two by two pixels of kinds that are not 8-bit colours, as Pillow wrote them.
  private static let pngs = [
    "colour of 16 bits.png":
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACEAIAAACtREYwAAAAI0lEQVR4nGNgYNDQCAioqFiw4MQJhg8f/v9nZOTkTE4+fhwAfosK"
      + "96TxnDgAAAAASUVORK5CYII=",
    "grey of 16 bits.png":
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAAAAACB2fwVAAAADUlEQVR42mOY48DADAADOADgVcRY7QAAAABJRU5ErkJggg==",
    "palette.png":
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAACklEQVR42mOQAAAAGgAZgACO"
      + "uwAAAABJRU5ErkJggg==",
    "one grey pixel.png":
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mM4AQAAygDJNEIn8wAAAABJRU5ErkJggg==",
  ]

  /// To a picture the VAE takes and back, in as few pixels as there are.
  private static let graph = """
    stepgraph: 1
    params: {model: {type: path}, image: {type: path}}
    nodes:
      vae:     {node: LoadVAE, with: {path: $(model)}}
      read:    {node: LoadImage, with: {path: $(image)}}
      picture: {node: ResizeImage, in: {image: read}, with: {multiple: 8}}
      edges:   {node: Canny, in: {image: picture}}
      latent:  {node: Encode, in: {vae: vae, image: picture}}
      back:    {node: Decode, in: {vae: vae, latent: latent}}
      png:     {node: SavePNG, in: {image: [back, edges]}, with: {path: out.png}}

    """

  private func stepgraph(_ file: Data, _ name: String) throws -> Stepgraph {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.graph, to: "graph.yaml")
    try file.write(to: stepgraph.folder.file(name))
    return stepgraph
  }

  private static let settings = ["model=\(Repository.demoModel)"]

  @Test(arguments: [
    ("progressive", 40, 24), ("cmyk", 32, 16), ("cmyk progressive", 32, 16), ("grey", 16, 32),
    ("grey progressive", 16, 32),
    ("one pixel", 8, 8), ("one row", 72, 8), ("one column", 8, 72),
  ])
  func jpegsOfEveryKindGoThrough(_ name: String, _ width: Int, _ height: Int) throws {
    let stepgraph = try stepgraph(Self.jpeg(name), "in.jpg")
    _ = try stepgraph.run("graph.yaml", Self.settings + ["image=in.jpg"])
    for file in ["out-0.png", "out-1.png"] {
      let picture = try PNG.decode(Array(stepgraph.folder.contents(file)))
      #expect(picture.width == width && picture.height == height, "\(name): \(picture.width)x\(picture.height)")
    }
  }

  @Test(arguments: pngs.keys.sorted()) func pngsOfEveryKindGoThrough(_ name: String) throws {
    let stepgraph = try stepgraph(try #require(Self.pngs[name].flatMap { Data(base64Encoded: $0) }), name)
    _ = try stepgraph.run("graph.yaml", Self.settings + ["image=\(name)"])
    let picture = try PNG.decode(Array(stepgraph.folder.contents("out-0.png")))
    #expect(picture.width == 8 && picture.height == 8)
  }

  /// The message names the place in the workflow, and nothing is written.
  @Test(arguments: ["4-2-0", "progressive", "cmyk"]) func filesThatAreCutWriteNothing(_ name: String) throws {
    let whole = try Self.jpeg(name)
    for end in [10, whole.count / 2, whole.count * 3 / 4] {
      let stepgraph = try stepgraph(whole.prefix(end), "in.jpg")
      let result = try stepgraph.failure(
        ["run", "graph.yaml", "--quiet"] + (Self.settings + ["image=in.jpg"]).flatMap { ["--set", $0] })
      #expect(result.status == 1)
      #expect(
        result.errors.hasPrefix("graph.yaml:5:") && result.errors.contains("a damaged JPEG file: it is cut off"),
        "\(result.errors)")
    }
    let png = try PNG.encode(pixels: Array(repeating: 7, count: 32 * 32 * 3), width: 32, height: 32)
    for end in [10, png.count / 2, png.count - 14] {
      let stepgraph = try stepgraph(Data(png.prefix(end)), "in.png")
      let result = try stepgraph.failure(
        ["run", "graph.yaml", "--quiet"] + (Self.settings + ["image=in.png"]).flatMap { ["--set", $0] })
      #expect(result.status == 1 && result.errors.hasPrefix("graph.yaml:5:"), "\(end): \(result.errors)")
    }
  }

  /// Of a size that no latent has, the middle: less one pixel on the left or above than on the other side where they are uneven.
  @Test func theMiddleIsEncoded() throws {
    let stepgraph = try Stepgraph()
    try stepgraph.copyModel()
    let picture = Repository.root.appending(path: "Examples/pictures/apple.png").path
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        vae:    {node: LoadVAE, with: {path: model}}
        read:   {node: LoadImage, with: {path: \(picture)}}
        odd:    {node: Crop, in: {image: read}, with: {width: 61, height: 47}}
        cut:    {node: Encode, in: {vae: vae, image: odd}, with: {fit: crop}}
        middle: {node: Crop, in: {image: odd}, with: {x: 2, y: 3, width: 56, height: 40}}
        whole:  {node: Encode, in: {vae: vae, image: middle}}
        save:   {node: SaveTensor, in: {tensor: cut}, with: {path: cut.safetensors}}
        other:  {node: SaveTensor, in: {tensor: whole}, with: {path: whole.safetensors}}
      """, to: "graph.yaml")
    _ = try stepgraph.run("graph.yaml")
    #expect(try stepgraph.folder.contents("cut.safetensors") == stepgraph.folder.contents("whole.safetensors"))
  }
}
