import Tensors
import Weights

/// Turns a time step and conditionings into what the layers of a UNet, or of a ControlNet, take of them.
struct UNetConditioner: Sendable {
  private let config: UNetConfig
  private let timeEmbedding: TimestepEmbedding
  private let addedEmbedding: AddedEmbedding?
  private let resnets: [ResnetBlock2D]
  /// The layers that look at the text.
  private let layers: [MultiHeadAttention]
  /// What the residual blocks add for a time step, and what the cross-attentions look at for a conditioning: steps and
  /// pictures of a run have them in common.
  private let recentTimeBiases: RecentValues<TimeKey, [Tensor]>
  private let recentContexts: RecentValues<Tensor, [MultiHeadAttention.Context]>

  // In Stable Diffusion 1.5 a time step takes 80 KB and a conditioning of 77 tokens 7.7 MB, in SDXL 55 MB.
  private static let timeBiasLimit = 4 << 20
  private static let contextLimit = 192 << 20

  /// All that decides what a time step adds.
  private struct TimeKey: Equatable, Sendable {
    let timestep: Double
    let guidance: Double?
    let pooled: Tensor?
    let numbers: [Float]
  }

  /// Takes residual blocks and attentions in the order in which they run.
  init(
    _ weights: WeightScope, _ config: UNetConfig, resnets: [ResnetBlock2D], attentions: [Transformer2DModel]
  ) throws {
    self.config = config
    self.resnets = resnets
    layers = attentions.flatMap(\.crossAttentions)
    timeEmbedding = try TimestepEmbedding(weights, config)
    addedEmbedding = try config.addedEmbedding.map { try AddedEmbedding(weights, $0, config) }
    recentTimeBiases = RecentValues(byteLimit: Self.timeBiasLimit) { $0.reduce(0) { $0 + $1.byteCount } }
    recentContexts = RecentValues(byteLimit: Self.contextLimit) {
      $0.reduce(0) { $0 + $1.key.byteCount + $1.value.byteCount }
    }
  }

  /// What a forward pass for conditionings of one shape, each of `samples` samples, takes along.
  func pass(
    timestep: Double, guidance: Double?, conditionings: [UNetConditioning], samples: Int
  ) -> UNetPass {
    let biases = timeBiases(timestep, guidance, conditionings, samples: samples)
    return UNetPass(timeBiases: biases, contexts: contexts(conditionings.map(\.states), samples: samples))
  }

  /// Throws `ModelError` for a conditioning that the model does not take for so many latents.
  func check(_ conditioning: UNetConditioning, samples: Int) throws {
    let (states, size) = (conditioning.states, config.conditioningSize)
    let counts = samples == 1 ? "1" : "1 or \(samples)"
    guard states.shape.count == 3, states.shape[2] == size, states.count > 0, [1, samples].contains(states.shape[0])
    else {
      throw ModelError("the conditioning is \(states.shape); the UNet takes [\(counts), t, \(size)]")
    }
    guard let added = config.addedEmbedding else { return }
    guard let pooled = conditioning.pooled else {
      throw ModelError("the conditioning has no pooled vector of the text, which the UNet takes")
    }
    let width = added.inputs - conditioning.numbers.count * added.numberSize
    guard pooled.shape.count == 2, pooled.shape[1] == width, [1, samples].contains(pooled.shape[0]) else {
      throw ModelError(
        "the conditioning's pooled vector is \(pooled.shape); the UNet takes [\(counts), \(width)] beside "
          + "\(conditioning.numbers.count) numbers")
    }
  }

  /// What a time step adds in each residual block, [1, c] where it is the same for all conditionings, else [m, c].
  private func timeBiases(
    _ timestep: Double, _ guidance: Double?, _ conditionings: [UNetConditioning], samples: Int
  ) -> [Tensor] {
    let guidance = config.guidanceEmbeddingSize == nil ? nil : guidance
    guard let addedEmbedding else {
      return timeBiases(TimeKey(timestep: timestep, guidance: guidance, pooled: nil, numbers: [])) { $0 }
    }
    let each = conditionings.map { conditioning in
      let key = TimeKey(
        timestep: timestep, guidance: guidance, pooled: conditioning.pooled, numbers: conditioning.numbers)
      return timeBiases(key) { time in
        guard let pooled = conditioning.pooled else { return time }
        return time.repeated(pooled.shape[0]) + addedEmbedding(pooled, numbers: conditioning.numbers)
      }
    }
    return each[0].indices.map { block in
      Tensor(concatenating: each.map { $0[block].repeated(toSamples: samples) })
    }
  }

  private func timeBiases(_ key: TimeKey, _ adding: (Tensor) -> Tensor) -> [Tensor] {
    recentTimeBiases.value(for: key) {
      let time = adding(timeEmbedding(key.timestep, guidance: key.guidance)).activated(by: .silu)
      return resnets.compactMap { $0.timeBias(time) }
    }
  }

  /// What each cross-attention looks at: the samples of all conditionings, one conditioning after the other.
  private func contexts(_ conditionings: [Tensor], samples: Int) -> [MultiHeadAttention.Context] {
    let each = conditionings.map { conditioning in
      recentContexts.value(for: conditioning) { layers.map { $0.context(conditioning) } }
    }
    func joined(_ tensors: [Tensor]) -> Tensor {
      let repeated = tensors.map { $0.repeated(toSamples: samples) }
      return repeated.count == 1 ? repeated[0] : Tensor(concatenating: repeated)
    }
    return layers.indices.map { layer in
      MultiHeadAttention.Context(key: joined(each.map(\.[layer].key)), value: joined(each.map(\.[layer].value)))
    }
  }
}

extension Tensor {
  fileprivate var byteCount: Int { count * MemoryLayout<Float>.size }
}
