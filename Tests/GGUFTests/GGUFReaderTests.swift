import Foundation
import GGUF
import Tensors
import Testing
import Weights

struct GGUFReaderTests {
  private let tiny: [UInt8]
  private let bare: [UInt8]

  init() throws {
    tiny = try Array(Data(contentsOf: URL(filePath: gguf("tiny.gguf"))))
    bare = try Array(Data(contentsOf: URL(filePath: gguf("bare.gguf"))))
  }

  /// What is wrong with a file's bytes; nil where they can be read.
  private func problem(_ bytes: [UInt8]) -> String? {
    bytes.withUnsafeBytes { bytes in
      do {
        let file = try GGUFReader(borrowing: bytes, source: "x.gguf")
        for name in file.names { _ = try file.tensor(name) }
        return nil
      } catch let error as WeightFileError {
        return error.message
      } catch {
        return "another error: \(error)"
      }
    }
  }

  @Test func readsMetadataOfEveryType() throws {
    let file = try GGUFReader(path: gguf("tiny.gguf"))
    #expect(try file.string("general.architecture") == "tiny")
    #expect(try file.string("a.text") == "snö")
    let integers = try ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"].map { try file.integer("a.\($0)") }
    #expect(
      integers == [200, -100, 60000, -30000, 4_000_000_000, -2_000_000_000, Int.max, -(1 << 62)])
    #expect(try file.number("a.f32") == Double(Float(0.1)))
    #expect(try file.number("a.f64") == 0.1)
    #expect(try file.number("a.u8") == 200)
    #expect(try file.flag("a.bool") == true)
    #expect(try file.strings("tokenizer.ggml.tokens") == ["<pad>", "▁a", "ö"])
    #expect(try file.floats("tokenizer.ggml.scores") == [0, -1.5, -2.25])
    #expect(try file.integers("tokenizer.ggml.token_type") == [3, 1, 1])
    #expect(try file.string("absent") == nil && !file.has("absent") && file.has("a.i8"))
    let error = #expect(throws: WeightFileError.self) { try file.strings("a.text") }
    #expect(error?.message == "\(gguf("tiny.gguf")): 'a.text' is a string; an array of strings was expected")
    let other = #expect(throws: WeightFileError.self) { try file.integers("tokenizer.ggml.tokens") }
    #expect(
      other?.message.hasSuffix("'tokenizer.ggml.tokens' is an array of strings; an array of integers was expected")
        == true)
  }

  @Test func readsTensorsInPyTorchsOrder() throws {
    let file = try GGUFReader(path: gguf("tiny.gguf"))
    #expect(file.info("Q4_K")?.shape == [2, 256] && file.info("Q4_K")?.format?.name == "Q4_K")
    #expect(file.info("BF16")?.shape == [2, 8] && file.info("BF16")?.range.count == 32)
    #expect(try file.tensor("norm").values == [0, 1, 2, 3, 4])
    // The shape that the metadata gives it.
    #expect(file.info("conv")?.shape == [4, 8, 3, 3] && file.info("conv")?.count == 288)
    // A row of it begins within a block.
    let whole = try file.tensor("conv").values
    let row = try Tensor(shape: [72]) { try file.readFloats("conv", elements: 72..<144, into: $0) }
    #expect(row.values == Array(whole[72..<144]))
    let anew = try Tensor(shape: [72]) { try file.readFloatsAnew("conv", elements: 72..<144, into: $0) }
    #expect(anew.values == row.values)
  }

  @Test func readsFilesWithoutMetadata() throws {
    let file = try GGUFReader(path: gguf("bare.gguf"))
    #expect(file.keys.isEmpty && file.names == ["model.diffusion_model.w"])
    let tensor = try file.tensor("model.diffusion_model.w")
    #expect(tensor.shape == [2, 3] && tensor.values == [0, 1, 2, 3, 4, 5])
  }

  @Test func aFileCutAnywhereIsRefused() throws {
    #expect(problem(tiny) == nil && problem(bare) == nil)
    for length in 0..<bare.count { #expect(problem(Array(bare[..<length])) != nil, "\(length)") }
    // The writer aligns the end of the last tensor, which has 306 bytes: the rest is nothing's.
    for length in 0..<tiny.count - 14 { #expect(problem(Array(tiny[..<length])) != nil, "\(length)") }
    #expect(problem(Array(bare[..<3])) == "x.gguf: no GGUF file: it is text that begins with 'GGU'")
    #expect(problem(Array(bare[..<6])) == "x.gguf: truncated: the file ends at byte 6, within the version")
    #expect(
      problem(Array(bare[..<50]))
        == "x.gguf: truncated or malformed: 23 bytes of the name of tensor 0 are announced, and 18 bytes are left")
    #expect(
      problem(Array(bare.dropLast()))
        == "x.gguf: truncated: tensor 'model.diffusion_model.w' ends at byte 24 of the data, and 23 bytes are there")
  }

  // Places in bare.gguf: version 4, tensors 8, values 16, the name's length 24, name 32, dimensions 55, sizes 59 and 67,
  // type 75, place 79.
  @Test(
    arguments: [
      (4, [0, 0, 0, 3], "is a GGUF file with the bytes of numbers in big-endian order; little-endian was expected"),
      (4, [1, 0, 0, 0], "is of version 1 of GGUF; 2 or 3 was expected"),
      (0, [0x50, 0x4B], "no GGUF file: it does not begin with 'GGUF'"),
      (
        8, [255, 255, 255, 255, 255, 255, 255, 255],
        "truncated or malformed: 18446744073709551615 tensors are announced, and 104 bytes are left"
      ),
      (16, [100], "truncated or malformed: 100 metadata values are announced, and 96 bytes are left"),
      (
        24, [255, 255, 255, 255, 255, 255, 255, 127],
        "truncated or malformed: 9223372036854775807 bytes of the name of tensor 0 are announced, and 88 bytes are left"
      ),
      (32, [0xFF], "the name of tensor 0 is not UTF-8"),
      (55, [5], "tensor 'model.diffusion_model.w': has 5 dimensions; at most 4 were expected"),
      (66, [255], "tensor 'model.diffusion_model.w': a dimension of 18374686479671623683 is too large"),
      (
        64, [1, 0, 0, 2, 0, 0, 0, 0, 1],
        "tensor 'model.diffusion_model.w': the shape [1099511627778, 1099511627779] is too large"
      ),
      (
        75, [16],
        "tensor 'model.diffusion_model.w': is of type 16, IQ2_XXS, which is not supported; supported are F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, BF16"
      ),
      (
        75, [200],
        "tensor 'model.diffusion_model.w': is of type 200, which is not supported; supported are F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, BF16"
      ),
      (75, [12], "tensor 'model.diffusion_model.w': has rows of 3 numbers, which fill no blocks of 256 of Q4_K"),
      (79, [8], "tensor 'model.diffusion_model.w': its data begins at 8, which is no multiple of the alignment, 32"),
      (79, [32], "truncated: tensor 'model.diffusion_model.w' ends at byte 56 of the data, and 24 bytes are there"),
      (86, [255], "tensor 'model.diffusion_model.w': F32 [2, 3] at byte 18374686479671623680 is beyond any file"),
    ] as [(Int, [UInt8], String)])
  func aHeaderThatLies(_ place: Int, _ bytes: [UInt8], _ expected: String) {
    var file = bare
    file.replaceSubrange(place..<place + bytes.count, with: bytes)
    #expect(problem(file) == "x.gguf: \(expected)")
  }

  /// A file with tensors of f32 [size] at places, and metadata as bytes.
  private func file(_ tensors: [(name: String, size: Int, place: Int)], values: [[UInt8]] = [], data: Int) -> [UInt8] {
    func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
      withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }
    var bytes = Array("GGUF".utf8) + little(UInt32(3)) + little(UInt64(tensors.count)) + little(UInt64(values.count))
    bytes += values.joined()
    for (name, size, place) in tensors {
      bytes += little(UInt64(name.utf8.count)) + Array(name.utf8) + little(UInt32(1)) + little(UInt64(size))
      bytes += little(UInt32(0)) + little(UInt64(place))
    }
    bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32 + data)
    return bytes
  }

  private func text(_ string: String) -> [UInt8] {
    withUnsafeBytes(of: UInt64(string.utf8.count).littleEndian) { Array($0) } + Array(string.utf8)
  }

  @Test func tensorsThatDoNotFitEachOther() {
    #expect(problem(file([("a", 8, 0), ("b", 8, 32)], data: 64)) == nil)
    #expect(problem(file([("a", 8, 64), ("b", 8, 0)], data: 96)) == nil)
    #expect(problem(file([("a", 8, 0), ("a", 8, 32)], data: 64)) == "x.gguf: tensor 'a' stands twice")
    #expect(
      problem(file([("a", 9, 0), ("b", 8, 32)], data: 64))
        == "x.gguf: tensor 'b': its data begins at 32, before tensor 'a' ends at 36: data must not overlap")
    #expect(problem(file([("a", 0, 0), ("b", 8, 0)], data: 32)) == nil)
  }

  @Test func metadataThatLies() {
    let flag = text("k") + [7, 0, 0, 0, 1]
    #expect(problem(file([], values: [flag], data: 0)) == nil)
    #expect(problem(file([], values: [flag, flag], data: 0)) == "x.gguf: malformed metadata: 'k' stands twice")
    #expect(
      problem(file([], values: [text("k") + [13, 0, 0, 0, 1]], data: 0))
        == "x.gguf: malformed metadata: 'k' has the unknown type 13; 0 to 12 are known")
    let alignment = text("general.alignment") + [4, 0, 0, 0, 24, 0, 0, 0]
    #expect(
      problem(file([], values: [alignment], data: 0)) == "x.gguf: 'general.alignment' is no power of 2 up to 2^20")
    let one: [UInt8] = [9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    let deep = text("k") + [9, 0, 0, 0] + one + one + one + one + one + [0, 0, 0, 0]
    #expect(
      problem(file([], values: [deep], data: 64)) == "x.gguf: malformed metadata: 'k' has arrays within arrays, 4 deep")
    let shape = text("comfy.gguf.orig_shape.a") + [9, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    #expect(problem(file([("a", 6, 0)], values: [shape + [2, 0, 0, 0, 3, 0, 0, 0]], data: 24)) == nil)
    for wrong: [UInt8] in [[2, 0, 0, 0, 4, 0, 0, 0], [0xFE, 255, 255, 255, 0xFD, 255, 255, 255]] {
      #expect(
        problem(file([("a", 6, 0)], values: [shape + wrong], data: 24))
          == "x.gguf: 'comfy.gguf.orig_shape.a' is no shape of as many numbers as the tensor has, which is [6]")
    }
  }
}
