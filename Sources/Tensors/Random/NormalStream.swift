/// The normal random numbers that a seed starts: one draw after the other, as from a generator carried along.
package struct NormalStream: Sendable {
  /// Whose random numbers they are.
  package enum Generator: String, Sendable, CaseIterable {
    /// PyTorch on a CPU: what diffusers and ComfyUI draw there.
    case torch
    /// PyTorch on a CUDA device, which AUTOMATIC1111's web UI can imitate.
    case philox
  }

  /// The highest number of a draw; `torch` gets there only through all numbers before it.
  package static let maximumDraw = 1_000_000

  private enum State: Sendable {
    case torch(TorchNormals)
    case philox(PhiloxNormals)
  }

  private var state: State

  package init(seed: UInt64, generator: Generator) {
    switch generator {
    case .torch: state = .torch(TorchNormals(seed: seed))
    case .philox: state = .philox(PhiloxNormals(seed: seed))
    }
  }

  /// The next draw, as `torch.randn(shape)`.
  package mutating func next(_ shape: [Int]) -> Tensor {
    switch state {
    case .torch(var normals):
      let tensor = Tensor(shape: shape) { normals.fill($0) }
      state = .torch(normals)
      return tensor
    case .philox(var normals):
      let tensor = Tensor(shape: shape) { normals.fill($0) }
      state = .philox(normals)
      return tensor
    }
  }

  /// Passes over `draws` draws of `shape`, at most `maximumDraw`.
  ///
  /// `torch` takes time in proportion to their numbers, about a second for 10^10, `philox` none.
  package mutating func skip(_ draws: Int, of shape: [Int]) {
    precondition(0...Self.maximumDraw ~= draws, "\(draws) draws cannot be skipped")
    switch state {
    case .torch(var normals):
      normals.skip(draws: draws, count: shape.reduce(1, *))
      state = .torch(normals)
    case .philox(var normals):
      normals.skip(draws: draws)
      state = .philox(normals)
    }
  }

  /// Draw number `draw`, counted from 0, of the stream whose draws all have `shape`.
  package static func draw(_ draw: Int, of shape: [Int], seed: UInt64, generator: Generator) -> Tensor {
    var stream = NormalStream(seed: seed, generator: generator)
    stream.skip(draw, of: shape)
    return stream.next(shape)
  }
}
