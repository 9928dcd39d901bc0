import Foundation
import GGUF
import Safetensors
import Tensors
import Testing

/// Blocks of every format against what the package gguf makes of them, bit for bit.
struct NumberFormatTests {
  private static let formats = [
    "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "F16", "BF16",
  ]

  private func widened(_ format: WeightFormat, _ blocks: [UInt8], _ range: Range<Int>) -> [Float] {
    blocks.withUnsafeBytes { blocks in
      [Float](unsafeUninitializedCapacity: range.count) { target, count in
        guard let source = blocks.baseAddress, let start = target.baseAddress else { return }
        format.widen(source, range, to: start)
        count = range.count
      }
    }
  }

  @Test(arguments: formats) func everyBitIsThePackages(_ name: String) throws {
    let file = try SafetensorsReader(path: gguf("formats.safetensors"))
    let format = try #require(WeightFormat(named: name))
    let blocks = try file.withBytes("\(name).blocks") { Array($0) }
    let expected = try file.tensor("\(name).numbers").values
    #expect(format.byteCount(expected.count) == blocks.count)
    func isSame(_ found: [Float], _ expected: ArraySlice<Float>) -> Bool {
      found.count == expected.count
        && zip(found, expected).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
    }
    #expect(isSame(widened(format, blocks, 0..<expected.count), expected[...]))
    // Some finite numbers, and all kinds of others.
    #expect(expected.contains { $0.isFinite && $0 != 0 })
    #expect(name == "BF16" || expected.contains { !$0.isFinite })
    // Parts that begin and end within blocks, also the same one.
    for range in [3..<9, 31..<33, 30..<511, 255..<257, 256..<512, 1..<2, 40..<40] {
      #expect(isSame(widened(format, blocks, range), expected[range]), "\(range)")
    }
  }

  @Test func countsThatFillNoBlocks() throws {
    let format = try #require(WeightFormat(named: "Q4_K"))
    #expect(format.byteCount(512) == 288 && format.byteCount(500) == nil && format.byteCount(-256) == nil)
    #expect(WeightFormat.f32.byteCount(.max) == nil)
    #expect(WeightFormat(named: "Q9_K") == nil)
    #expect(Set(WeightFormat.all.map(\.name)).count == 17)
  }
}

/// The path of a fixture.
func gguf(_ name: String) -> String {
  URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/gguf/\(name)").path
}
