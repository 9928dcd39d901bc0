import Foundation
import Safetensors
import Testing

import Tensors

@Suite("Normal random numbers")
struct NormalStreamTests {
  private let reader: SafetensorsReader

  init() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    reader = try SafetensorsReader(path: tests.appendingPathComponent("Fixtures/random/normals.safetensors").path)
  }

  /// Within 8 units in the last place, or 1e-6 where a number is near zero.
  private func isClose(_ a: Float, _ b: Float) -> Bool { abs(a - b) <= max(8 * b.ulp, 1e-6) }

  @Test(arguments: RandomGenerator.allCases, [0, 42, 1 << 32 + 5] as [UInt64])
  func drawsOfTheReference(_ generator: RandomGenerator, _ seed: UInt64) throws {
    for count in [1, 7, 15, 16, 17, 100, 65536] {
      let stream = NormalStream(seed: seed, generator: generator)
      for draw in 0..<4 {
        let actual = stream.draw(draw, shape: [count]).values
        let name = "\(generator.rawValue).\(seed).\(count).\(draw)"
        let isWhole = reader.info(name) != nil
        let expected = try reader.tensor(isWhole ? name : name + "/64").values
        let compared = isWhole ? actual : stride(from: 0, to: count, by: 64).map { actual[$0] }
        let wrong = zip(compared, expected).filter { !isClose($0, $1) }
        #expect(compared.count == expected.count && wrong.isEmpty, "\(name): \(wrong.count) differ")
      }
    }
  }

  /// Skipping gives the very bits of drawing, also with a number kept from an odd draw.
  @Test(arguments: [1, 3, 4, 7, 15, 16, 17, 31, 208, 624, 1000])
  func skippingIsDrawing(_ count: Int) {
    var drawn = TorchNormals(seed: 7)
    for draw in 0..<9 {
      let expected = fill(count) { drawn.fill($0) }
      #expect(NormalStream(seed: 7, generator: .torch).draw(draw, shape: [count]).values == expected)
      var stepwise = TorchNormals(seed: 7)
      stepwise.skip(draws: draw / 2, count: count)
      stepwise.skip(draws: draw - draw / 2, count: count)
      #expect(fill(count) { stepwise.fill($0) } == expected)
    }
  }

  private func fill(_ count: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Void) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  /// What the documentation of stable-diffusion-webui's rng_philox.py gives for seed 0, from a CUDA device.
  @Test func publishedCUDANumbers() {
    let expected: [Float] = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709,
      -1.07454231, -0.36314407, -1.67105067, 2.26550497,
    ]
    let actual = NormalStream(seed: 0, generator: .philox).draw(0, shape: [3, 4]).values
    #expect(zip(actual, expected).allSatisfy(isClose))
  }

  @Test func seedsBeyond32BitsCountForPhiloxOnly() {
    let draw = { NormalStream(seed: $0, generator: $1).draw(0, shape: [20]).values }
    #expect(draw(5, .torch) == draw(5 | 1 << 40, .torch))
    #expect(draw(5, .philox) != draw(5 | 1 << 40, .philox))
  }
}
