import Safetensors
import Tensors

/// The denoiser of Stable Diffusion, as diffusers' UNet2DConditionModel.
package struct UNet2DConditionModel: Sendable {
  package let config: UNetConfig
  private let convIn: Conv2d
  private let timeEmbedding: TimestepEmbedding
  private let addedEmbedding: AddedEmbedding?
  private let downBlocks: [UNetDownBlock]
  private let midBlock: UNetMidBlock
  private let upBlocks: [UNetUpBlock]
  private let normOut: GroupNorm
  private let convOut: Conv2d
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

  init(_ weights: WeightScope, _ config: UNetConfig) throws {
    self.config = config
    let channels = config.levels[0].channels
    convIn = try weights.conv(
      "conv_in", inputs: config.inputChannels, outputs: channels, kernel: config.inputKernel,
      padding: .init(config.inputKernel / 2))
    timeEmbedding = try TimestepEmbedding(weights, config)
    addedEmbedding = try config.addedEmbedding.map { try AddedEmbedding(weights, $0, config) }
    let levels = config.levels.indices
    downBlocks = try levels.map { try UNetDownBlock(weights.scope("down_blocks", $0), config, level: $0) }
    midBlock = try UNetMidBlock(weights.scope("mid_block"), config)
    upBlocks = try levels.reversed().enumerated().map { position, level in
      try UNetUpBlock(weights.scope("up_blocks", position), config, level: level)
    }
    normOut = try weights.groupNorm("conv_norm_out", channels: channels, groups: config.normGroups, eps: config.normEps)
    convOut = try weights.conv(
      "conv_out", inputs: channels, outputs: config.outputChannels, kernel: config.outputKernel,
      padding: .init(config.outputKernel / 2))
    recentTimeBiases = RecentValues(byteLimit: Self.timeBiasLimit) { $0.reduce(0) { $0 + $1.byteCount } }
    recentContexts = RecentValues(byteLimit: Self.contextLimit) {
      $0.reduce(0) { $0 + $1.key.byteCount + $1.value.byteCount }
    }
  }

  /// The model's prediction, epsilon or v: latent [n, c, h, w] and states [n or 1, t, d] -> [n, c', h, w].
  ///
  /// The time step counts training steps and may be fractional. Throws `ModelError` for shapes the model does not take.
  package func callAsFunction(latent: Tensor, timestep: Double, conditioning: Tensor) throws -> Tensor {
    try self(latent: latent, timestep: timestep, conditionings: [UNetConditioning(conditioning)])[0]
  }

  /// The predictions for one latent under several conditionings of one shape, in one pass; each is the same alone.
  ///
  /// `guidance` is the guidance scale that a distilled model is told; others pass over it.
  package func callAsFunction(
    latent: Tensor, timestep: Double, conditionings: [UNetConditioning], guidance: Double? = nil
  ) throws -> [Tensor] {
    try check(latent: latent)
    let samples = latent.shape[0]
    for conditioning in conditionings { try check(conditioning: conditioning, samples: samples) }
    let all = conditionings.count * samples
    let biases = timeBiases(timestep, guidance, conditionings, samples: samples)
    var pass = UNetPass(timeBiases: biases, contexts: contexts(conditionings.map(\.states), samples: samples))

    let input = config.centersInput ? latent.mappedToSymmetricRange() : latent
    var x = convIn(input.channelsLast())  // [n, h, w, c]
    if addedEmbedding != nil { x = x.repeated(toSamples: all) }
    pass.skips.append(x)
    for block in downBlocks { x = block(x, &pass) }
    x = midBlock(x, &pass)  // [m, h, w, c]
    for block in upBlocks { x = block(x, &pass) }
    let predictions = convOut(normOut.rows(of: x, silu: true)).channelsFirst()  // [m, c', h, w]
    return conditionings.indices.map { predictions.samples($0 * samples..<($0 + 1) * samples) }
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
      let resnets = downBlocks.flatMap(\.resnets) + midBlock.resnets + upBlocks.flatMap(\.resnets)
      return resnets.compactMap { $0.timeBias(time) }
    }
  }

  /// What each cross-attention looks at: the samples of all conditionings, one conditioning after the other.
  private func contexts(_ conditionings: [Tensor], samples: Int) -> [MultiHeadAttention.Context] {
    let attentions = downBlocks.flatMap(\.attentions) + [midBlock.attention] + upBlocks.flatMap(\.attentions)
    let layers = attentions.flatMap(\.crossAttentions)
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

  /// Throws `ModelError` for a latent that the model does not take.
  package func check(latent: Tensor) throws {
    let channels = config.inputChannels
    guard latent.shape.count == 4, latent.shape[1] == channels, latent.count > 0 else {
      throw ModelError("the latent is \(latent.shape); the UNet takes [n, \(channels), h, w]")
    }
  }

  /// Throws `ModelError` for a conditioning that the model does not take for so many latents.
  package func check(conditioning: UNetConditioning, samples: Int) throws {
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
}

/// What a UNet looks at beside the latent and the time step.
package struct UNetConditioning: Sendable, Equatable {
  /// The text's hidden states [n or 1, t, d].
  package var states: Tensor
  /// A vector for the whole text, [n or 1, p], of models that take one.
  package var pooled: Tensor?
  /// What is embedded beside the pooled vector: sizes in SDXL.
  package var numbers: [Float]

  package init(_ states: Tensor, pooled: Tensor? = nil, numbers: [Float] = []) {
    (self.states, self.pooled, self.numbers) = (states, pooled, numbers)
  }
}

extension Tensor {
  fileprivate var byteCount: Int { count * MemoryLayout<Float>.size }

  /// `2 x - 1`: from 0...1 to -1...1.
  fileprivate func mappedToSymmetricRange() -> Tensor { 2 * self - Tensor(repeating: 1, shape: shape) }
}
