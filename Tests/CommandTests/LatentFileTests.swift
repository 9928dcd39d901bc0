import Foundation
import Safetensors
import StepgraphNodes
import Tensors
import Testing

/// Files of ComfyUI's SaveLatent, and pictures with its rounding.
struct LatentFileTests {
  private static let tensor = Tensor(shape: [1, 4, 2, 3], values: (0..<24).map { Float($0) / 7 - 1 })

  private func write(_ tensors: [(String, Tensor)], to name: String, in stepgraph: Stepgraph) throws {
    var file = SafetensorsWriter(metadata: [:])
    for (name, tensor) in tensors { file.add(name, tensor) }
    try Data(file.bytes()).write(to: stepgraph.folder.file(name))
  }

  private func read(_ name: String, _ tensor: String, in stepgraph: Stepgraph) throws -> [Float] {
    try SafetensorsReader(path: stepgraph.folder.file(name).path).tensor(tensor).values
  }

  private func run(_ nodes: String, in stepgraph: Stepgraph) throws {
    try stepgraph.folder.write("stepgraph: 1\nnodes:\n\(nodes)\n", to: "g.yaml")
    _ = try stepgraph.run("g.yaml")
  }

  private func close(_ a: [Float], _ b: [Float]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 1e-6 * max(abs($1), 1) }
  }

  @Test(arguments: [("", 0.18215, 0.0), ("factor: 0.3611, shift: 0.1159", 0.3611, 0.1159)])
  func latentsComeBack(_ settings: String, _ factor: Float, _ shift: Float) throws {
    let stepgraph = try Stepgraph()
    let version = ("latent_format_version_0", Tensor(shape: [0], values: []))
    try write([("latent_tensor", Self.tensor), version], to: "in.latent", in: stepgraph)
    try run(
      """
        load: {node: LoadLatent, with: {path: in.latent\(settings.isEmpty ? "" : ", ")\(settings)}}
        raw:  {node: SaveTensor, in: {tensor: load}, with: {path: raw.safetensors}}
        save: {node: SaveLatent, in: {latent: load}, with: {path: out.latent\(settings.isEmpty ? "" : ", ")\(settings)}}
      """, in: stepgraph)
    #expect(
      close(try read("raw.safetensors", "tensor", in: stepgraph), Self.tensor.values.map { ($0 - shift) * factor }))
    #expect(close(try read("out.latent", "latent_tensor", in: stepgraph), Self.tensor.values))
    let names = try SafetensorsReader(path: stepgraph.folder.file("out.latent").path).names
    #expect(Set(names) == ["latent_tensor", "latent_format_version_0"])
  }

  /// Files of before the mark are in the model's scale already, and nothing stays nothing.
  @Test func oldAndEmptyLatents() throws {
    let stepgraph = try Stepgraph()
    try write([("latent_tensor", Self.tensor)], to: "old.latent", in: stepgraph)
    let version = ("latent_format_version_0", Tensor(shape: [0], values: []))
    try write([("latent_tensor", Tensor.zeros([1, 4, 2, 3])), version], to: "empty.latent", in: stepgraph)
    try run(
      """
        old:   {node: LoadLatent, with: {path: old.latent}}
        empty: {node: LoadLatent, with: {path: empty.latent, factor: 0.3611, shift: 0.1159}}
        save_old: {node: SaveTensor, in: {tensor: old}, with: {path: old.safetensors}}
        save_empty: {node: SaveTensor, in: {tensor: empty}, with: {path: empty.safetensors}}
      """, in: stepgraph)
    #expect(close(try read("old.safetensors", "tensor", in: stepgraph), Self.tensor.values))
    #expect(try read("empty.safetensors", "tensor", in: stepgraph).allSatisfy { $0 == 0 })
  }

  @Test func theVAETellsTheScale() throws {
    let stepgraph = try Stepgraph()
    let version = ("latent_format_version_0", Tensor(shape: [0], values: []))
    try write([("latent_tensor", Self.tensor), version], to: "in.latent", in: stepgraph)
    let vae = "vae: {node: LoadVAE, with: {path: \(Repository.tinyModel)}}"
    try run(
      """
        \(vae)
        load: {node: LoadLatent, in: {vae: vae}, with: {path: in.latent, factor: 3, shift: 9}}
        raw:  {node: SaveTensor, in: {tensor: load}, with: {path: raw.safetensors}}
      """, in: stepgraph)
    #expect(close(try read("raw.safetensors", "tensor", in: stepgraph), Self.tensor.values.map { $0 * 0.18215 }))
  }

  @Test func otherFilesAreNoLatents() throws {
    let stepgraph = try Stepgraph()
    try write([("tensor", Self.tensor)], to: "other.safetensors", in: stepgraph)
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        load: {node: LoadLatent, with: {path: other.safetensors}}
        save: {node: SaveLatent, in: {latent: load}, with: {path: out.latent}}
      """, to: "g.yaml")
    let result = try stepgraph.call(["run", "g.yaml"])
    #expect(result.status != 0 && result.errors.contains("holds no 'latent_tensor'"), "\(result.errors)")
    try stepgraph.folder.write(
      "stepgraph: 1\nnodes:\n  a: {node: EmptyLatent}\n  b: {node: SaveLatent, in: {latent: a}, with: {path: x.png}}\n",
      to: "h.yaml")
    #expect(try stepgraph.call(["run", "h.yaml"]).errors.contains("x.png"))
  }

  /// 0.5 of 255 is 127.5: 128 to the nearest, which is even, and 127 cut off.
  @Test func coloursAreRoundedAsAsked() throws {
    let stepgraph = try Stepgraph()
    let values = [Float](repeating: 0, count: 3 * 4)
    try write([("tensor", Tensor(shape: [1, 3, 2, 2], values: values))], to: "grey.safetensors", in: stepgraph)
    try run(
      """
        grey: {node: LoadTensor, with: {path: grey.safetensors}}
        near: {node: SavePNG, in: {image: grey}, with: {path: near.png}}
        down: {node: SavePNG, in: {image: grey}, with: {path: down.png, rounding: down}}
      """, in: stepgraph)
    try run(
      """
        near: {node: LoadImage, with: {path: near.png}}
        down: {node: LoadImage, with: {path: down.png}}
        save_near: {node: SaveTensor, in: {tensor: near}, with: {path: near.safetensors}}
        save_down: {node: SaveTensor, in: {tensor: down}, with: {path: down.safetensors}}
      """, in: stepgraph)
    #expect(close(Array(try read("near.safetensors", "tensor", in: stepgraph).prefix(1)), [128 / 127.5 - 1]))
    #expect(close(Array(try read("down.safetensors", "tensor", in: stepgraph).prefix(1)), [127 / 127.5 - 1]))
  }

  /// Cut off too, bytes that were read are the bytes that are written.
  @Test func picturesFromFilesStayWhatTheyAre() throws {
    let stepgraph = try Stepgraph()
    let pixels = (0..<3 * 256).map { UInt8($0 % 256) }
    try Data(PNG.encode(pixels: pixels, width: 16, height: 16)).write(to: stepgraph.folder.file("bytes.png"))
    try run(
      """
        read: {node: LoadImage, with: {path: bytes.png}}
        down: {node: SavePNG, in: {image: read}, with: {path: down.png, rounding: down}}
      """, in: stepgraph)
    #expect(try PNG.decode(Array(stepgraph.folder.contents("down.png"))).pixels == pixels)
  }
}
