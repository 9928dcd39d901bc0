import Testing

import Tensors

/// A layer as a function of a batch: its inputs' shapes for one sample, and the function.
struct BatchFunction: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let shapes: [[Int]]
  let apply: @Sendable ([Tensor]) -> Tensor

  init(_ name: String, _ shapes: [Int]..., apply: @escaping @Sendable ([Tensor]) -> Tensor) {
    (testDescription, self.shapes, self.apply) = (name, shapes, apply)
  }

  static let all = inSinglePrecision + (Precision.bf16.isSupported ? inBF16 : [])

  private static let inBF16: [BatchFunction] = {
    let linear = Linear(weight: randomTensor([200, 71], seed: 1), precision: .bf16)
    let image = Conv2d(weight: randomTensor([72, 21, 3, 3], seed: 3), padding: 1, precision: .bf16)
    let strided = Conv2d(
      weight: randomTensor([72, 21, 3, 3], seed: 5), stride: 2, padding: .bottomRight, precision: .bf16)
    return [
      BatchFunction("linear in bf16", [1, 700, 71]) { linear($0[0]) },
      BatchFunction("Winograd convolution in bf16", [1, 37, 29, 21]) { image($0[0]) },
      BatchFunction("strided convolution in bf16", [1, 38, 30, 21]) { strided($0[0]) },
      BatchFunction("attention in bf16", [1, 300, 70], [1, 311, 70], [1, 311, 70]) {
        attention(query: $0[0], key: $0[1], value: $0[2], heads: 2, precision: .bf16)
      },
    ]
  }()

  private static let inSinglePrecision: [BatchFunction] = {
    let linear = Linear(weight: randomTensor([200, 70], seed: 1), bias: randomTensor([200], seed: 2))
    let wide = Linear(weight: randomTensor([1030, 70], seed: 1))
    let gated = GatedLinear(weight: randomTensor([200, 70], seed: 1), bias: randomTensor([200], seed: 2))
    let convolution = Conv2d(
      weight: randomTensor([72, 20, 3, 3], seed: 3), bias: randomTensor([72], seed: 4), padding: 1)
    let strided = Conv2d(weight: randomTensor([72, 20, 3, 3], seed: 5), stride: 2, padding: .bottomRight)
    let pointwise = Conv2d(weight: randomTensor([130, 20, 1, 1], seed: 6))
    let groups = GroupNorm(groups: 5, eps: 1e-5, weight: randomTensor([20], seed: 7), bias: randomTensor([20], seed: 8))
    let layer = LayerNorm(weight: randomTensor([70], seed: 9), bias: randomTensor([70], seed: 10))
    let image = Conv2d(weight: randomTensor([72, 20, 3, 3], seed: 3), padding: 1)
    let distances = randomTensor([4, 609], seed: 11)
    let rootMeanSquare = RMSNorm(eps: 1e-6, weight: randomTensor([35], seed: 12))
    let rotary = RotaryEmbedding(
      angles: (0..<77).map { token in (0..<10).map { Double(token * $0) } }, pairing: .halves)
    return [
      BatchFunction("Winograd convolution", [1, 77, 39, 20]) { image($0[0]) },
      BatchFunction("linear", [1, 700, 70], [1, 700, 200]) { linear($0[0], residual: $0[1]) },
      BatchFunction("linear of few rows", [1, 9, 70]) { wide($0[0]) },
      BatchFunction("linear of vectors", [1, 70]) { wide($0[0]) },
      BatchFunction("geglu", [1, 300, 70]) { gated($0[0]) },
      BatchFunction("convolution", [1, 37, 29, 20], [1, 72], [1, 37, 29, 72]) {
        convolution($0[0], channelBias: $0[1], residual: $0[2])
      },
      BatchFunction("small convolution", [1, 4, 4, 20]) { convolution($0[0]) },
      BatchFunction("strided convolution", [1, 38, 30, 20]) { strided($0[0]) },
      BatchFunction("pointwise convolution", [1, 38, 30, 20]) { pointwise($0[0]) },
      BatchFunction("group normalisation", [1, 38, 30, 20]) { groups($0[0]) },
      BatchFunction("group normalisation with SiLU", [1, 38, 30, 20]) { groups($0[0], silu: true) },
      BatchFunction("layer normalisation", [1, 77, 70]) { layer($0[0]) },
      BatchFunction("attention", [1, 300, 80], [1, 310, 80], [1, 310, 80]) {
        attention(query: $0[0], key: $0[1], value: $0[2], heads: 2)
      },
      BatchFunction("causal attention", [1, 77, 64], [1, 77, 64], [1, 77, 64]) {
        attention(query: $0[0], key: $0[1], value: $0[2], heads: 4, isCausal: true)
      },
      BatchFunction("attention of grouped queries with a bias", [1, 300, 80], [1, 310, 40], [1, 310, 40]) {
        attention(
          query: $0[0], key: $0[1], value: $0[2], heads: 4, keyHeads: 2, scale: 1, distanceBias: distances)
      },
      BatchFunction("normalisation by the root mean square", [1, 77, 70]) { rootMeanSquare($0[0]) },
      BatchFunction("rotary embedding", [1, 77, 60]) { rotary($0[0]) },
      BatchFunction("SiLU", [1, 45, 1001]) { $0[0].activated(by: .silu) },
      BatchFunction("GELU", [1, 45, 1001]) { $0[0].activated(by: .gelu) },
      BatchFunction("sum", [1, 45, 1001], [1, 45, 1001]) { $0[0] + $0[1] },
      BatchFunction("upsampling", [1, 9, 11, 20]) { $0[0].upsampledNearest2x() },
      BatchFunction("concatenation of channels", [1, 9, 11, 20], [1, 9, 11, 5]) { $0[0].concatenatingChannels($0[1]) },
    ]
  }()
}

/// One after another, for they set the number of threads.
@Suite(.serialized) struct ReproducibilityTests {
  @Test(arguments: BatchFunction.all)
  func bitsDependNeitherOnThreadsNorOnBatch(_ function: BatchFunction) {
    let usual = Parallel.threadCount
    defer { Parallel.threadCount = usual }
    let singles = (0..<3).map { sample in
      function.shapes.enumerated().map { randomTensor($1, seed: UInt64(100 * sample + $0), in: -2...2) }
    }
    Parallel.threadCount = 1
    let expected = singles.map { function.apply($0).values.map(\.bitPattern) }
    for threads in 1...3 {
      Parallel.threadCount = threads
      for batch in 1...3 {
        let inputs = function.shapes.indices.map { index in
          Tensor(concatenating: singles[..<batch].map { $0[index] })
        }
        let bits = function.apply(inputs).values.map(\.bitPattern)
        #expect(bits == expected[..<batch].flatMap { $0 }, "\(threads) threads, batch of \(batch)")
      }
    }
  }

  @Test func everyTileRunsOnce() {
    let usual = Parallel.threadCount
    defer { Parallel.threadCount = usual }
    for threads in [1, 2, 7] {
      Parallel.threadCount = threads
      var runs = [Int](repeating: 0, count: 1000)
      runs.withUnsafeMutableBufferPointer { runs in Parallel.forEach(runs.count) { runs[$0] += 1 } }
      #expect(runs.allSatisfy { $0 == 1 })
    }
  }

  @Test func identifierNamesWhatDecidesTheBits() {
    #expect(Numerics.identifier.contains("kernels \(Numerics.kernelSetVersion)"))
    let products = ["AMX and AVX-512 products", "AVX-512 products", "AVX2 products", "OpenBLAS 0."]
    #expect(products.contains { Numerics.identifier.contains($0) })
  }
}
