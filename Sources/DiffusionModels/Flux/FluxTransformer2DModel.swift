import Safetensors
import Tensors

/// FLUX.1's denoiser, as diffusers' FluxTransformer2DModel: it predicts the velocity of a flow, noise - x_0.
package struct FluxTransformer2DModel: Denoiser {
  package let config: FluxConfig
  private let timeEmbedding, textEmbedding: EmbeddingLayers
  private let guidanceEmbedding: EmbeddingLayers?
  private let contextEmbedder, pictureEmbedder: Linear
  private let blocks: [FluxTransformerBlock]
  private let singleBlocks: [FluxSingleTransformerBlock]
  private let output: TokenOutput
  private let rotation: AxialRotation

  package var patchSize: Int { FluxConfig.patchSize }

  private static let sinusoids = Sinusoids(size: 256)

  package init(_ weights: WeightScope, _ config: FluxConfig) throws {
    self.config = config
    let width = config.width
    let heads = NormedHeads(
      count: config.headCount, headWidth: config.headWidth, eps: 1e-6, precision: weights.precision)
    let embedders = weights.scope("time_text_embed")
    timeEmbedding = try EmbeddingLayers(embedders.scope("timestep_embedder"), inputs: 256, outputs: width)
    guidanceEmbedding =
      config.embedsGuidance
      ? try EmbeddingLayers(embedders.scope("guidance_embedder"), inputs: 256, outputs: width) : nil
    textEmbedding = try EmbeddingLayers(embedders.scope("text_embedder"), inputs: config.pooledSize, outputs: width)
    contextEmbedder = try weights.linear("context_embedder", inputs: config.conditioningSize, outputs: width)
    pictureEmbedder = try weights.linear("x_embedder", inputs: config.inputChannels, outputs: width)
    blocks = try (0..<config.layerCount).map {
      try FluxTransformerBlock(weights.scope("transformer_blocks", $0), heads)
    }
    singleBlocks = try (0..<config.singleLayerCount).map {
      try FluxSingleTransformerBlock(weights.scope("single_transformer_blocks", $0), heads)
    }
    output = try TokenOutput(weights, width: width, outputs: config.outputChannels, bias: true)
    rotation = AxialRotation(axes: config.rotaryAxes, theta: 10000)
  }

  package func predict(
    latent: Tensor, time: Double, conditionings: [DenoiserConditioning], extras: DenoiserExtras
  ) throws -> [Tensor] {
    try check(latent: latent, conditionings: conditionings, extras: extras)
    let (samples, size) = (latent.shape[0], FluxConfig.patchSize)
    let seen = extras.concat.map { latent.joiningChannels($0) } ?? latent
    let pictures = [seen] + extras.references.map { $0.repeated(toSamples: samples) }
    let texts = conditionings.stacked(\.states, samples: samples)
    let pooled = conditionings.stackedPooled(samples: samples)
    let conditioning = conditioning(time: time, guidance: extras.guidance, pooled: pooled)
    // [m, t, d]
    var x = Tensor(
      TokenProjection(
        joining: [(texts, contextEmbedder)]
          + pictures.map { ($0.patches(size, .channelsFirst).repeated(conditionings.count), pictureEmbedder) }))
    for style in extras.styles {
      x = x.following(style.repeated(toSamples: samples).repeated(conditionings.count))
    }
    let textCount = texts.shape[1] + extras.styles.reduce(0) { $0 + $1.shape[1] }
    let rotation = rotation(
      Self.positions(
        textCount: textCount, pictures: pictures.map { ($0.shape[2], $0.shape[3]) },
        isBeyond: extras.placesReferencesBeyond))
    for block in blocks { x = block(x, textCount: textCount, conditioning: conditioning, rotation: rotation) }
    for block in singleBlocks { x = block(x, conditioning: conditioning, rotation: rotation) }
    let (height, width) = (latent.shape[2], latent.shape[3])
    let tokenCount = (height / size) * (width / size)
    let velocities = output(x, tokens: textCount..<textCount + tokenCount, conditioning: conditioning)
      .unpatched(size, .channelsFirst, height: height, width: width)
    return velocities.cut(into: conditionings.count)
  }

  /// Of every token picture, row and column; a reference is at 1, as in diffusers' FluxKontextPipeline.
  ///
  /// Or it `isBeyond` the last row and column of the pictures before it, as UNO and USO were trained (ComfyUI's "uxo").
  package static func positions(textCount: Int, pictures: [(height: Int, width: Int)], isBeyond: Bool) -> [[Int]] {
    let text = Array(repeating: [0, 0, 0], count: textCount)
    var (row, column) = (0, 0)
    return text
      + pictures.enumerated().flatMap { index, picture in
        let (rows, columns) = (picture.height / FluxConfig.patchSize, picture.width / FluxConfig.patchSize)
        guard isBeyond else { return AxialRotation.grid([index], rows: rows, columns: columns) }
        defer { (row, column) = (row + rows, column + columns) }
        return AxialRotation.grid([0], rows: rows, columns: columns).map { [$0[0], $0[1] + row, $0[2] + column] }
      }
  }

  /// What modulates all tokens of a picture, after its SiLU: [n or 1, d].
  private func conditioning(time: Double, guidance: Double?, pooled: Tensor) -> Tensor {
    // The reference hands on a thousandth, and multiplies by 1000 in single precision.
    var vector = timeEmbedding(Self.sinusoids([Float(time) / 1000 * 1000]))
    if let guidanceEmbedding {
      vector = vector + guidanceEmbedding(Self.sinusoids([Float(guidance ?? Self.defaultGuidance) * 1000]))
    }
    let text = textEmbedding(pooled)
    return (vector.repeated(text.shape[0]) + text).activated(by: .silu)
  }

  /// Of diffusers' FluxPipeline.
  private static let defaultGuidance = 3.5

  package func check(latent: Tensor, conditionings: [DenoiserConditioning], extras: DenoiserExtras) throws {
    let inputs = DenoiserInputs(latent: latent, conditionings: conditionings, extras: extras)
    try inputs.requireLatent(channels: config.latentChannels, multiplesOf: FluxConfig.patchSize, model: "FLUX.1")
    try inputs.requireStates(width: config.conditioningSize, model: "FLUX.1")
    try inputs.requirePooled(width: config.pooledSize, model: "FLUX.1")
    try inputs.requireNoControl(model: "FLUX.1")
    try inputs.requireStyles(width: config.width, model: "FLUX.1")
    let model = "FLUX.1 \(config.variant)"
    if let tool = config.tool {
      try inputs.requireConcat(channels: config.concatChannels, maker: tool.maker, model: model)
    } else {
      try inputs.requireNoConcat(model: model)
    }
    if config.takesReferences {
      try inputs.requireReferences(channels: config.latentChannels, multiplesOf: FluxConfig.patchSize, model: model)
      try inputs.requireOneReference(model: model)
    } else {
      try inputs.requireNoReferences(model: model)
    }
    if !config.embedsGuidance { try inputs.requireNoGuidance(model: "FLUX.1 schnell") }
  }
}

extension Tensor {
  /// [m, t, d] behind [m, s, d]: [m, s + t, d].
  fileprivate func following(_ first: Tensor) -> Tensor {
    let (tokens, more, width) = (shape[1], first.shape[1], shape[2])
    let samples = (0..<shape[0]).map { index in
      Tensor(concatenating: [
        first.sample(index).reshaped([more, width]), sample(index).reshaped([tokens, width]),
      ])
    }
    return Tensor(concatenating: samples).reshaped([shape[0], more + tokens, width])
  }
}
