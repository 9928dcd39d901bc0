import DiffusionModels
import Foundation
import Safetensors
import TestSupport
import Tensors
import Testing

/// Networks of the ESRGAN family, as spandrel runs them; `Fixtures/upscalers/make_upscalers.py` wrote what it made.
struct UpscalerTests {
  private struct Network: Decodable {
    let scale: Int
    let tensors: [SeededTensor]
  }

  private static let folder = URL(filePath: "\(Fixture.folder)/upscalers")
  private static let demo = URL(filePath: Fixture.folder).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Examples/emoji/upscaler/realesr-animevideov3-x4.safetensors")

  private static func networks() throws -> [String: Network] {
    try JSONDecoder().decode(
      [String: Network].self, from: Data(contentsOf: folder.appending(path: "networks.json")))
  }

  private func withFile<Result>(
    _ tensors: [(String, Tensor)], _ body: (String) throws -> Result
  ) throws -> Result {
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors { writer.add(name, tensor, as: .f16) }
    let file = FileManager.default.temporaryDirectory.appending(path: "upscaler-\(UUID().uuidString).safetensors")
    try Data(writer.bytes()).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file.path)
  }

  @Test func everyNetworkDrawsAsInSpandrel() throws {
    let reference = try SafetensorsReader(path: Self.folder.appending(path: "pictures.safetensors").path)
    let networks = try Self.networks()
    #expect(networks.count == 12)
    for (name, network) in networks {
      func draw(_ path: String) throws {
        let upscaler = try Upscaler(path: path)
        try Upscaler.survey(path: path)
        #expect(upscaler.config.scale == network.scale, "\(name)")
        let picture = try reference.tensor("\(name).in")
        let large = try upscaler(picture, tile: 64, margin: 8).clamped(to: 0...1)
        try expectClose(large, reference.tensor("\(name).out"), within: 1e-4, name)
      }
      if network.tensors.isEmpty {
        try draw(Self.demo.path)
      } else {
        try withFile(network.tensors.map { ($0.name, $0.tensor) }, draw)
      }
    }
  }

  /// With a margin of as many pixels as there are convolutions no tile differs from the whole.
  @Test func tilesAreNotSeen() throws {
    let reference = try SafetensorsReader(path: Self.folder.appending(path: "pictures.safetensors").path)
    let (upscaler, picture) = (try Upscaler(path: Self.demo.path), try reference.tensor("demo.in"))
    let whole = try upscaler(picture, tile: 64, margin: 8)
    // 24 rows fit, and 31 columns take two turns.
    var turns = 0
    let tiled = try upscaler(picture, tile: 30, margin: 14) { turns += 1 }
    #expect(turns == 2)
    expectClose(tiled, whole, within: 1e-3, "two tiles")
  }

  @Test func tilesCoverAnAxisOnce() {
    for length in 1...90 {
      for (size, margin) in [(16, 4), (16, 0), (32, 15), (90, 8), (17, 8)] {
        let tiles = TileAxis(length: length, size: size, margin: margin).tiles
        #expect(tiles.flatMap { Array($0.given) } == Array(0..<length), "\(length) \(size) \(margin)")
        for tile in tiles {
          #expect(tile.seen.count == min(length, size))
          #expect(tile.seen.lowerBound == 0 || tile.given.lowerBound - tile.seen.lowerBound >= margin)
          #expect(tile.seen.upperBound == length || tile.seen.upperBound - tile.given.upperBound >= margin)
        }
      }
    }
  }

  private func problem(_ tensors: [(String, Tensor)]) throws -> String {
    try withFile(tensors) { path in
      do {
        _ = try Upscaler(path: path)
        return "none"
      } catch {
        let message = (error as? ModelError)?.message ?? (error as? WeightFileError)?.message ?? "\(error)"
        return message.replacingOccurrences(of: path, with: "FILE")
      }
    }
  }

  @Test func whatIsNoUpscalerIsNamed() throws {
    #expect(try problem([("x", .zeros([1]))]).hasPrefix("FILE: no upscaler: neither 'conv_first.weight'"))
    #expect(
      try problem([("conv_first.weight", .zeros([4, 5, 3, 3]))])
        == "FILE: the first convolution takes 5 channels; 3, 12 or 48 was expected")
    let network = try #require(try Self.networks()["compact x2"])
    let some = network.tensors.filter { $0.name != "body.2.bias" }.map { ($0.name, $0.tensor) }
    #expect(try problem(some).contains("body.2.bias"))
    // What nothing uses is told, and is no failure.
    try withFile(network.tensors.map { ($0.name, $0.tensor) } + [("other", Tensor.zeros([2]))]) { path in
      var warnings: [String] = []
      _ = try Upscaler(path: path) { warnings.append($0) }
      #expect(warnings.count == 1 && warnings[0].contains("other"))
    }
  }
}
