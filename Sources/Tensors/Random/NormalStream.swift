/// Whose random numbers are drawn.
package enum RandomGenerator: String, Sendable, CaseIterable {
  /// PyTorch's on a CPU: what diffusers and ComfyUI draw there.
  case torch
  /// PyTorch's on a CUDA device, which AUTOMATIC1111's web UI can imitate.
  case philox
}

/// The normal random numbers that a seed starts, draw after draw, as from a generator that is carried along.
package struct NormalStream: Sendable {
  /// The highest number of a draw: `torch` gets there only through all numbers before it.
  package static let maximumDraw = 1_000_000

  package let seed: UInt64
  package let generator: RandomGenerator

  package init(seed: UInt64, generator: RandomGenerator) {
    self.seed = seed
    self.generator = generator
  }

  /// Draw number `draw` of a stream whose draws all have `shape`: the first `torch.randn(shape)` is number 0.
  ///
  /// The number is at most `maximumDraw`. `torch` takes a second to pass over some 10^9 numbers, `philox` no time.
  package func draw(_ draw: Int, shape: [Int]) -> Tensor {
    precondition(0...Self.maximumDraw ~= draw, "draw \(draw)")
    return Tensor(shape: shape) { target in
      switch generator {
      case .torch:
        var normals = TorchNormals(seed: seed)
        normals.skip(draws: draw, count: target.count)
        normals.fill(target)
      case .philox:
        PhiloxNormals(seed: seed, draw: draw).fill(target)
      }
    }
  }
}
