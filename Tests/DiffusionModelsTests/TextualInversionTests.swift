import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

struct TextualInversionTests {
  private static let folder = "\(Fixture.folder)/prompts/embeddings"

  /// A folder of embeddings with the tensors given, which goes with the test.
  private func problem(_ tensors: [(String, Tensor)], width: Int = 4) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var file = SafetensorsWriter()
    for (name, tensor) in tensors { file.add(name, tensor) }
    try Data(file.bytes()).write(to: URL(filePath: path))
    do {
      return "\(try TextualInversion.vectors(path, for: .clipL, width: width).count) vectors"
    } catch let error as ModelError {
      return error.message.replacing(path, with: "FILE")
    }
  }

  @Test func layouts() throws {
    #expect(try problem([("emb_params", .zeros([3, 4]))]) == "3 vectors")
    #expect(try problem([("<cat>", .zeros([4]))]) == "1 vectors")
    #expect(try problem([("clip_l", .zeros([2, 4])), ("clip_g", .zeros([2, 6]))]) == "2 vectors")
    #expect(try problem([("text_encoders_0", .zeros([2, 4])), ("text_encoders_1", .zeros([2, 6]))]) == "2 vectors")
    let pair = "\(Self.folder)/pair.safetensors"
    #expect(try TextualInversion.vectors(pair, for: .clipG, width: 6).map(\.shape) == [[6], [6]])
    #expect(throws: Never.self) { try TextualInversion.check(pair) }
  }

  @Test func filesThatAreNone() throws {
    #expect(
      try problem([("a", .zeros([4])), ("b", .zeros([4]))])
        == "FILE: is no textual inversion: one tensor, or 'clip_l' and 'clip_g', was expected; it has 'a', 'b'")
    #expect(
      try problem([("a", .zeros([1, 2, 4]))])
        == "FILE: is no textual inversion: 'a' is F32 [1, 2, 4], floats [vectors, width] were expected")
    #expect(
      try problem([("a", .zeros([0, 4]))])
        == "FILE: is no textual inversion: 'a' is F32 [0, 4], floats [vectors, width] were expected")
    #expect(
      try problem([])
        == "FILE: is no textual inversion: one tensor, or 'clip_l' and 'clip_g', was expected; it has none")
    #expect(
      try problem([("a", .zeros([2, 768]))], width: 1024)
        == "FILE: has vectors of 768 numbers (Stable Diffusion 1.x), and the text encoder takes 1024 (Stable Diffusion 2.x)"
    )
  }

  @Test func folders() throws {
    #expect(throws: ModelError("/no/such: there is no such folder")) { try EmbeddingFolder(path: "/no/such") }
    let file = "\(Self.folder)/one.safetensors"
    #expect(throws: ModelError("\(file): is a file; a folder of embeddings was expected")) {
      try EmbeddingFolder(path: file)
    }
    let folder = try EmbeddingFolder(path: Self.folder)
    #expect(folder.named.map(\.name) == ["MyLook", "broad", "cat", "deep", "mystyle", "one", "pair"])
    #expect(try folder.file(named: "deep")?.path == "\(Self.folder)/sub/deep.safetensors")
    #expect(try folder.file(named: "mylook") == nil)
  }

  @Test func picklesAreNotOpened() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("pickle".utf8).write(to: URL(filePath: "\(path)/old.pt"))
    let folder = try EmbeddingFolder(path: path)
    let message =
      "\(path)/old.pt: is no .safetensors file; formats that can run code are never opened: save it as .safetensors"
    for name in ["old", "old.pt"] {
      #expect(throws: ModelError(message)) { try Prompt("embedding:\(name)", syntax: .comfyui, embeddings: folder) }
    }
    #expect(
      try Prompt("an Old one", syntax: .a1111, embeddings: folder).remarks
        == ["the embedding 'old' is no .safetensors file: formats that can run code are never opened"])
  }
}
