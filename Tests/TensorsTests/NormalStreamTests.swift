import Foundation
import Safetensors
import Tensors
import Testing

@Suite("Normal random numbers")
struct NormalStreamTests {
  private let reader: SafetensorsReader

  init() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    reader = try SafetensorsReader(path: tests.appendingPathComponent("Fixtures/random/normals.safetensors").path)
  }

  /// Within 8 units in the last place, or 1e-6 where a number is near zero.
  private func isClose(_ a: Float, _ b: Float) -> Bool { abs(a - b) <= max(8 * b.ulp, 1e-6) }

  @Test(arguments: NormalStream.Generator.allCases, [0, 42, 1 << 32 + 5] as [UInt64])
  func drawsOfTheReference(_ generator: NormalStream.Generator, _ seed: UInt64) throws {
    for count in [1, 7, 15, 16, 17, 100, 65536] {
      var stream = NormalStream(seed: seed, generator: generator)
      for draw in 0..<4 {
        let actual = stream.next([count]).values
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
  @Test(arguments: NormalStream.Generator.allCases)
  func skippingIsDrawing(_ generator: NormalStream.Generator) {
    for count in [1, 3, 4, 7, 15, 16, 17, 31, 208, 624, 1000] {
      var drawn = NormalStream(seed: 7, generator: generator)
      for draw in 0..<9 {
        let expected = drawn.next([count]).values
        #expect(NormalStream.draw(draw, of: [count], seed: 7, generator: generator).values == expected)
        var stepwise = NormalStream(seed: 7, generator: generator)
        stepwise.skip(draw / 2, of: [count])
        stepwise.skip(draw - draw / 2, of: [count])
        #expect(stepwise.next([count]).values == expected)
      }
    }
  }

  /// What the documentation of stable-diffusion-webui's rng_philox.py gives for seed 0, from a CUDA device.
  @Test func publishedCUDANumbers() {
    let expected: [Float] = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709,
      -1.07454231, -0.36314407, -1.67105067, 2.26550497,
    ]
    let actual = NormalStream(seed: 0, generator: .philox).first([3, 4])
    #expect(zip(actual, expected).allSatisfy(isClose))
  }

  @Test func seedsBeyond32BitsCountForPhiloxOnly() {
    let low = UInt64(5)
    let high = low | 1 << 40
    #expect(
      NormalStream(seed: low, generator: .torch).first([20]) == NormalStream(seed: high, generator: .torch).first([20]))
    #expect(
      NormalStream(seed: low, generator: .philox).first([20])
        != NormalStream(seed: high, generator: .philox).first([20])
    )
  }
}

extension NormalStream {
  fileprivate func first(_ shape: [Int]) -> [Float] {
    var stream = self
    return stream.next(shape).values
  }
}
