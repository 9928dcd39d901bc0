import Foundation
import Safetensors
import Tensors
import Testing

/// Brownian paths against torchsde's (`make_brownian.py`).
struct BrownianTreeTests {
  private static let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/comfyui/brownian.safetensors")

  @Test(arguments: [0, 42, UInt64(1) << 63 + 5])
  func everyStepIsThatOfTorchsde(_ seed: UInt64) throws {
    let reader = try SafetensorsReader(path: Self.file.path)
    let sigmas = try reader.tensor("sigmas").values.map(Double.init)
    let expected = try reader.tensor(String(seed))
    let shape = Array(expected.shape.dropFirst())
    let tree = BrownianTree(from: sigmas[sigmas.count - 1], to: sigmas[0], seed: seed, shape: shape)
    for step in 0..<sigmas.count - 1 {
      let actual = tree.noise(from: sigmas[step], to: sigmas[step + 1]).values
      let theirs = expected.sample(step).values
      // A step a millionth wide is the difference of two values that are nearly one.
      let slack: Float = sigmas[step] - sigmas[step + 1] < 1e-5 ? 1e-3 : 2e-6
      let worst = zip(actual, theirs).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= slack, "step \(step) of seed \(seed): \(worst)")
    }
  }

  /// NumPy 2: SeedSequence(42, pool_size=24) and its child (5, 3).
  @Test func wordsAreNumPys() {
    #expect(SeedSequence(entropy: 42, poolSize: 24).firstWord == 387_750_627)
    #expect(SeedSequence(entropy: 1 << 63 + 5, path: [5, 3], poolSize: 24).firstWord == 4_131_276_445)
    #expect(SeedSequence(entropy: 0, poolSize: 4).firstWord == 2_968_811_710)
  }
}
