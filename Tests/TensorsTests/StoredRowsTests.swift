import Tensors
import Testing

/// Layers whose weights stay in a file: the same bits as from the same numbers in single precision.
@Suite struct StoredRowsTests {
  /// Bytes that nothing moves while the object lives, as a mapped file's.
  private final class Bytes: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    init(count: Int) { start = .allocate(byteCount: max(count, 1), alignment: 1) }
    deinit { start.deallocate() }
  }

  /// The formats that stay in their files, and others that the same code can read.
  private static let formats = WeightFormat.all

  /// A weight in blocks of random bytes that stand for numbers of moderate size; in single precision and as stored.
  private static func weight(
    _ format: WeightFormat, _ shape: [Int], seed: UInt64, scales: [Float] = []
  ) throws -> (wide: Tensor, stored: WeightSource) {
    let count = shape.reduce(1, *)
    let byteCount = try #require(format.byteCount(count))
    // One byte more, so that nothing is aligned.
    let bytes = Bytes(count: byteCount + 1)
    let start = bytes.start + 1
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var numbers = [Float](repeating: 0, count: format.blockSize)
    for block in stride(from: 0, to: byteCount, by: format.blockBytes) {
      repeat {
        for byte in 0..<format.blockBytes {
          state ^= state << 13
          state ^= state >> 7
          state ^= state << 17
          (start + block + byte).storeBytes(of: UInt8(truncatingIfNeeded: state >> 32), as: UInt8.self)
        }
        numbers.withUnsafeMutableBufferPointer { numbers in
          guard let target = numbers.baseAddress else { return }
          format.widen(start + block, 0..<format.blockSize, to: target)
        }
      } while !numbers.allSatisfy { abs($0) < 100 && ($0 == 0 || abs($0) > 1e-20) }
    }
    let rowSize = count / shape[0]
    let wide = Tensor(shape: shape) { target in
      guard let first = target.baseAddress else { return }
      format.widen(start, 0..<count, to: first)
      for index in 0..<count where !scales.isEmpty {
        first[index] *= scales.count == 1 ? scales[0] : scales[index / rowSize]
      }
    }
    let rows = StoredRows(format, at: start, first: 0, rowSize: rowSize, scales: scales, owner: bytes)
    let stored = WeightSource(
      shape: shape, isHalf: format.fitsHalf && scales.isEmpty, stored: rows, readRows: WeightSource(wide).readRows)
    return (wide, stored)
  }

  private static let precisions = Precision.allCases.filter(\.isSupported)

  // Widths around a panel's, depths of one and of several parts, which begin within blocks.
  @Test(arguments: formats, [(rows: 1, depth: 1, outputs: 1), (77, 3, 65), (9, 6, 200), (40, 9, 130)])
  func linear(_ format: WeightFormat, _ test: (rows: Int, depth: Int, outputs: Int)) throws {
    let inputs = format.blockSize == 1 ? 256 * test.depth - 3 : 256 * test.depth
    let (wide, stored) = try Self.weight(format, [test.outputs, inputs], seed: 1)
    let (x, bias) = (randomTensor([2, test.rows, inputs], seed: 2), randomTensor([test.outputs], seed: 3))
    for precision in Self.precisions {
      let layer = try Linear(weight: stored, bias: bias, precision: precision)
      #expect(layer(x) == Linear(weight: wide, bias: bias, precision: precision)(x), "\(precision)")
    }
  }

  @Test(arguments: formats) func halvesOfGatedLinear(_ format: WeightFormat) throws {
    let (wide, stored) = try Self.weight(format, [66, 256], seed: 1)
    let (x, bias) = (randomTensor([2, 30, 256], seed: 3), randomTensor([66], seed: 2))
    for precision in Self.precisions {
      let layer = try GatedLinear(weight: stored, bias: bias, precision: precision)
      #expect(layer(x) == GatedLinear(weight: wide, bias: bias, precision: precision)(x), "\(precision)")
    }
  }

  // By products alone and by Winograd's method; rows that begin within blocks.
  @Test(arguments: formats, [(inputs: 32, kernel: 1, size: 7), (32, 3, 5), (64, 3, 30), (96, 3, 24), (16, 5, 9)])
  func convolution(_ format: WeightFormat, _ test: (inputs: Int, kernel: Int, size: Int)) throws {
    let (wide, stored) = try Self.weight(format, [64, test.inputs, test.kernel, test.kernel], seed: 1)
    let x = randomTensor([1, test.size, test.size + 1, test.inputs], seed: 2)
    let padding = Conv2d.Padding(test.kernel / 2)
    for precision in Self.precisions {
      let layer = try Conv2d(weight: stored, padding: padding, precision: precision)
      #expect(layer(x) == Conv2d(weight: wide, padding: padding, precision: precision)(x), "\(precision)")
    }
  }

  @Test(arguments: [1, 130]) func scales(_ count: Int) throws {
    let scales = randomTensor([count], seed: 5).values
    for format in [WeightFormat.f8e4m3, .f8e5m2, .bf16] {
      let (wide, stored) = try Self.weight(format, [130, 700], seed: 1, scales: scales)
      let x = randomTensor([1, 20, 700], seed: 2)
      for precision in Self.precisions {
        let layer = try Linear(weight: stored, precision: precision)
        #expect(layer(x) == Linear(weight: wide, precision: precision)(x), "\(format.name) \(precision)")
      }
      // Halves of it keep their own.
      let (bias, gated) = (randomTensor([130], seed: 7), randomTensor([1, 9, 700], seed: 3))
      let layer = try GatedLinear(weight: stored, bias: bias)
      #expect(layer(gated) == GatedLinear(weight: wide, bias: bias)(gated), "\(format.name)")
    }
  }

  /// As from the sum, made in the order of the products: in single precision, the matrix by itself first.
  @Test(arguments: ["Q4_K", "Q8_0", "BF16", "F8_E4M3"]) func lowRankMatricesBeside(_ name: String) throws {
    let format = try #require(WeightFormat(named: name))
    let (outputs, inputs) = (130, format.blockSize == 1 ? 1531 : 1536)
    let (wide, stored) = try Self.weight(format, [outputs, inputs], seed: 1, scales: name == "BF16" ? [0.5] : [])
    let matrices = [3, 16].map { rank in
      LowRankMatrix(
        up: randomTensor([outputs, rank], seed: UInt64(rank)), down: randomTensor([rank, inputs], seed: 4))
    }
    let changed = WeightSource(
      shape: stored.shape, stored: stored.stored, lowRank: matrices[0] + matrices[1], readRows: stored.readRows)
    var added = [Float](repeating: 0, count: outputs * inputs)
    for matrix in matrices {
      let (up, down, rank) = (matrix.up.values, matrix.down.values, matrix.up.shape[1])
      for output in 0..<outputs {
        for term in 0..<rank {
          for input in 0..<inputs {
            added[output * inputs + input].addProduct(up[output * rank + term], down[term * inputs + input])
          }
        }
      }
    }
    let sum = wide + Tensor(shape: wide.shape, values: added)
    // OpenBLAS adds in an order of its own, after which some numbers are rounded to another bf16.
    let isOurOrder = !Numerics.identifier.contains("OpenBLAS")
    for precision in Self.precisions where isOurOrder || precision == .f32 {
      let layer = try Linear(weight: changed, precision: precision)
      let later = try Linear(weight: changed.rows(70..<outputs), precision: precision)
      for rows in [1, 77] {
        let x = randomTensor([2, rows, inputs], seed: 2)
        let expected = Linear(weight: sum, precision: precision)(x)
        let rest = Linear(weight: sum.samples(70..<outputs), precision: precision)(x)
        if precision == .bf16 { #expect(layer(x) == expected && later(x) == rest) }
        #expect(relativeError(layer(x), expected.values.map(Double.init)) < 1e-6, "\(precision)")
        #expect(relativeError(later(x), rest.values.map(Double.init)) < 1e-6, "\(precision)")
        #expect(layer(x.sample(1)) == layer(x).sample(1), "\(precision)")
      }
    }
  }

  @Test func oneAndTwoThreadsAndBatches() throws {
    let format = try #require(WeightFormat(named: "Q4_K"))
    let (_, stored) = try Self.weight(format, [320, 1536], seed: 1)
    let layer = try Linear(weight: stored)
    let x = randomTensor([3, 200, 1536], seed: 2)
    let threads = Parallel.threadCount
    defer { Parallel.threadCount = threads }
    Parallel.threadCount = 2
    let two = layer(x)
    Parallel.threadCount = 1
    #expect(layer(x) == two)
    #expect(layer(x.sample(1)) == two.sample(1))
  }
}
