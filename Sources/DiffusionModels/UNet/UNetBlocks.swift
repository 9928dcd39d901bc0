import Safetensors
import Tensors

/// One level on the way down, as diffusers' DownBlock2D and CrossAttnDownBlock2D.
struct UNetDownBlock: Sendable {
  let resnets: [ResnetBlock2D]
  let attentions: [Transformer2DModel]
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

  /// [n, h, w, c] -> [m, h', w', c']; keeps what the way up will need.
  ///
  /// An adapter adds [n, c, h, w] at the end of the level: behind its last attention or, of a level without, behind all of it.
  func callAsFunction(_ x: Tensor, _ pass: inout UNetPass, adding adapted: Tensor? = nil) -> Tensor {
    var x = x
    for (layer, resnet) in resnets.enumerated() {
      x = resnet(x, timeBias: pass.nextTimeBias(of: x))
      if !attentions.isEmpty {
        x = attentions[layer](x, &pass)
        if let adapted, layer == resnets.count - 1 { x = x.adding(channelsFirst: adapted) }
      }
      pass.skips.append(x)
    }
    if let downsampler {
      x = downsampler(x)
      pass.skips.append(x)
    }
    if let adapted, attentions.isEmpty {
      x = x.adding(channelsFirst: adapted)
      pass.skips[pass.skips.count - 1] = x
    }
    return x
  }
}

/// The innermost level, as diffusers' UNetMidBlock2DCrossAttn.
struct UNetMidBlock: Sendable {
  let resnets: [ResnetBlock2D]
  let attention: Transformer2DModel

  init(_ weights: WeightScope, _ config: UNetConfig) throws {
    let level = config.levels[config.levels.count - 1]
    resnets = try (0..<2).map { index in
      try ResnetBlock2D(
        weights.scope("resnets", index), inputs: level.channels, outputs: level.channels,
        timeChannels: config.timeEmbeddingSize, groups: config.normGroups, eps: config.normEps)
    }
    attention = try Transformer2DModel(weights.scope("attentions.0"), config, level)
  }

  /// [n, h, w, c] -> [m, h, w, c].
  func callAsFunction(_ x: Tensor, _ pass: inout UNetPass) -> Tensor {
    let x = attention(resnets[0](x, timeBias: pass.nextTimeBias(of: x)), &pass)
    return resnets[1](x, timeBias: pass.nextTimeBias(of: x))
  }
}

/// One level on the way up, as diffusers' UpBlock2D and CrossAttnUpBlock2D.
struct UNetUpBlock: Sendable {
  let resnets: [ResnetBlock2D]
  let attentions: [Transformer2DModel]
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

  /// [m, h, w, c] -> [m, h', w', c'], the size of the next skip; takes its own from the end of those that were kept.
  func callAsFunction(_ x: Tensor, _ pass: inout UNetPass) -> Tensor {
    var x = x
    for (layer, resnet) in resnets.enumerated() {
      x = x.concatenatingChannels(pass.skips.removeLast().repeated(toSamples: x.shape[0]))
      x = resnet(x, timeBias: pass.nextTimeBias(of: x))
      if !attentions.isEmpty { x = attentions[layer](x, &pass) }
    }
    // Sizes that do not halve evenly on the way down are met again exactly on the way up.
    if let upsampler, let next = pass.skips.last { x = upsampler(x, height: next.shape[1], width: next.shape[2]) }
    return x
  }
}
