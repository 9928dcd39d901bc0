import Foundation
import Safetensors
import Tensors
import Testing

@Suite("Reading and writing")
struct SafetensorsTests {
  private func mixed() -> SafetensorsWriter {
    var writer = SafetensorsWriter(metadata: ["format": "pt"])
    writer.add("a.x", Tensor(repeating: 1, shape: [2, 1]), as: .f16)
    writer.add("b", Tensor(shape: [3], values: [0, 1, 2]))
    writer.add("i", .i64, shape: [2], bytes: [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    return writer
  }

  /// The same tensors written by safetensors 0.8.0 (`safetensors.torch.save`).
  @Test func bytesOfTheReference() {
    let header =
      #"{"__metadata__":{"format":"pt"},"i":{"dtype":"I64","shape":[2],"data_offsets":[0,16]},"#
      + #""b":{"dtype":"F32","shape":[3],"data_offsets":[16,28]},"a.x":{"dtype":"F16","shape":[2,1],"data_offsets":[28,32]}}"#
    let data: [UInt8] =
      [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]
      + [0, 0x3C, 0, 0x3C]
    #expect(header.utf8.count % 8 == 0)
    #expect(mixed().bytes() == file(header: header) + data)
  }

  @Test func readsWhatItWrites() throws {
    try mixed().bytes().withUnsafeBytes { bytes in
      let reader = try SafetensorsReader(borrowing: bytes, source: "blob")
      #expect(reader.metadata == ["format": "pt"])
      #expect(reader.names == ["a.x", "b", "i"])
      #expect(reader.dtype("i") == .i64 && reader.info("i")?.shape == [2])
      #expect(try reader.tensor("a.x").values == [1, 1])
      #expect(try reader.tensor("a.x").shape == [2, 1])
      #expect(try reader.tensor("b").values == [0, 1, 2])
      #expect(try reader.withBytes("i") { Array($0) }[8] == 1)
      #expect(message { _ = try reader.tensor("i") } == "blob: tensor 'i' is I64; F32, F16, BF16 or F8 was expected")
      #expect(message { _ = try reader.tensor("a.y") } == "blob: has no tensor 'a.y'; the nearest name is 'a.x'")
    }
  }

  @Test func orderOfAddingDoesNotMatter() {
    var forward = SafetensorsWriter(metadata: ["x": "1", "a": "2"])
    var backward = SafetensorsWriter(metadata: ["a": "2", "x": "1"])
    let names = ["z", "é", "a.10", "a.2", "quote\" \\ \u{1} 😀"]
    for name in names { forward.add(name, Tensor(repeating: 0.5, shape: [2])) }
    for name in names.reversed() { backward.add(name, Tensor(repeating: 0.5, shape: [2])) }
    #expect(forward.bytes() == backward.bytes())
    let read = forward.bytes().withUnsafeBytes { try? SafetensorsReader(borrowing: $0, source: "x").names }
    #expect(read == ["a.10", "a.2", "quote\" \\ \u{1} 😀", "z", "é"])
  }

  @Test func emptyTensorsAndScalars() throws {
    var writer = SafetensorsWriter()
    writer.add("none", Tensor.zeros([0, 4]))
    writer.add("one", Tensor(shape: [], values: [7]))
    try writer.bytes().withUnsafeBytes { bytes in
      let reader = try SafetensorsReader(borrowing: bytes, source: "x")
      #expect(try reader.tensor("none").shape == [0, 4])
      #expect(try reader.tensor("one").values == [7])
    }
    let none = SafetensorsWriter().bytes()
    #expect(none.withUnsafeBytes { try? SafetensorsReader(borrowing: $0, source: "x").names } == [])
  }

  @Test func mappedFileSurvivesReleaseOfItsPages() throws {
    let folder = try TestFolder()
    let values = (0..<100_000).map { Float($0 % 2048) }
    var writer = SafetensorsWriter()
    writer.add("a", Tensor(shape: [100, 1000], values: values), as: .f16)
    writer.add("b", Tensor(shape: [100, 1000], values: values), as: .f16)
    try folder.write(writer.bytes(), to: "w.safetensors")
    let reader = try SafetensorsReader(path: folder.path + "/w.safetensors")
    for _ in 0..<2 {
      #expect(try reader.tensor("a").values == values)
      reader.release("a")
      #expect(try reader.tensor("b").values == values)
      reader.release("b")
    }
    var part = [Float](repeating: 0, count: 7)
    try part.withUnsafeMutableBufferPointer { try reader.readFloats("b", elements: 1001..<1008, into: $0) }
    #expect(part == Array(values[1001..<1008]))
  }

  @Test func absentAndUnfitFiles() throws {
    let folder = try TestFolder()
    #expect(
      message { _ = try SafetensorsReader(path: folder.path + "/a") }
        == "\(folder.path)/a: cannot be opened: No such file or directory")
    #expect(message { _ = try SafetensorsReader(path: folder.path) } == "\(folder.path): is no regular file")
    try folder.write([], to: "empty")
    #expect(message { _ = try SafetensorsReader(path: folder.path + "/empty") }.contains("it is empty"))
  }
}
