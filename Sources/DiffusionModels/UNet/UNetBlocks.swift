import Safetensors
import Tensors

/// One level on the way down, as diffusers' DownBlock2D and CrossAttnDownBlock2D.
struct UNetDownBlock: Sendable {
  private let resnets: [ResnetBlock2D]
  private let attentions: [Transformer2DModel]
  private let downsampler: Downsample2D?

  init(_ weights: WeightScope, _ config: UNetConfig, level index: Int) throws {
    let level = config.levels[index]
    let inputs = config.levels[max(index - 1, 0)].channels
    resnets = try (0..<level.layerCount).map { layer in
      try ResnetBlock2D(
        weights.scope("resnets", layer), inputs: layer == 0 ? inputs : level.channels, outputs: level.channels,
        timeChannels: config.timeEmbeddingSize, groups: config.normGroups, eps: config.normEps)
    }
    attentions = try (0..<(level.downHasAttention ? level.layerCount : 0)).map {
      try Transformer2DModel(weights.scope("attentions", $0), config, level)
    }
    downsampler =
      index == config.levels.count - 1
      ? nil : try Downsample2D(weights.scope("downsamplers.0"), channels: level.channels, padding: 1)
  }

  /// [n, h, w, c] -> [n, h', w', c']; appends what the way up will need to `skips`.
  func callAsFunction(_ x: Tensor, time: Tensor, conditioning: Tensor, skips: inout [Tensor]) -> Tensor {
    var x = x
    for (layer, resnet) in resnets.enumerated() {
      x = resnet(x, time: time)
      if !attentions.isEmpty { x = attentions[layer](x, conditioning: conditioning) }
      skips.append(x)
    }
    if let downsampler {
      x = downsampler(x)
      skips.append(x)
    }
    return x
  }
}

/// The innermost level, as diffusers' UNetMidBlock2DCrossAttn.
struct UNetMidBlock: Sendable {
  private let resnet0: ResnetBlock2D
  private let attention: Transformer2DModel
  private let resnet1: ResnetBlock2D

  init(_ weights: WeightScope, _ config: UNetConfig) throws {
    let level = config.levels[config.levels.count - 1]
    func resnet(_ index: Int) throws -> ResnetBlock2D {
      try ResnetBlock2D(
        weights.scope("resnets", index), inputs: level.channels, outputs: level.channels,
        timeChannels: config.timeEmbeddingSize, groups: config.normGroups, eps: config.normEps)
    }
    resnet0 = try resnet(0)
    attention = try Transformer2DModel(weights.scope("attentions.0"), config, level)
    resnet1 = try resnet(1)
  }

  /// [n, h, w, c] -> [n, h, w, c].
  func callAsFunction(_ x: Tensor, time: Tensor, conditioning: Tensor) -> Tensor {
    resnet1(attention(resnet0(x, time: time), conditioning: conditioning), time: time)
  }
}

/// One level on the way up, as diffusers' UpBlock2D and CrossAttnUpBlock2D.
struct UNetUpBlock: Sendable {
  private let resnets: [ResnetBlock2D]
  private let attentions: [Transformer2DModel]
  private let upsampler: Upsample2D?

  init(_ weights: WeightScope, _ config: UNetConfig, level index: Int) throws {
    let level = config.levels[index]
    let below = config.levels[min(index + 1, config.levels.count - 1)].channels
    // The last skip of a level came from the level above it.
    let above = config.levels[max(index - 1, 0)].channels
    let count = level.layerCount + 1
    resnets = try (0..<count).map { layer in
      let skip = layer == count - 1 ? above : level.channels
      return try ResnetBlock2D(
        weights.scope("resnets", layer), inputs: (layer == 0 ? below : level.channels) + skip, outputs: level.channels,
        timeChannels: config.timeEmbeddingSize, groups: config.normGroups, eps: config.normEps)
    }
    attentions = try (0..<(level.upHasAttention ? count : 0)).map {
      try Transformer2DModel(weights.scope("attentions", $0), config, level)
    }
    upsampler = index == 0 ? nil : try Upsample2D(weights.scope("upsamplers.0"), channels: level.channels)
  }

  /// [n, h, w, c] -> [n, h', w', c'], the size of the next skip; takes its own from the end of `skips`.
  func callAsFunction(_ x: Tensor, time: Tensor, conditioning: Tensor, skips: inout [Tensor]) -> Tensor {
    var x = x
    for (layer, resnet) in resnets.enumerated() {
      x = resnet(x.concatenatingChannels(skips.removeLast()), time: time)
      if !attentions.isEmpty { x = attentions[layer](x, conditioning: conditioning) }
    }
    // Sizes that do not halve evenly on the way down are met again exactly on the way up.
    if let upsampler, let next = skips.last { x = upsampler(x, height: next.shape[1], width: next.shape[2]) }
    return x
  }
}
