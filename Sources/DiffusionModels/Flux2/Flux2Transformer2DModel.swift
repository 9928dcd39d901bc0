import Safetensors
import Tensors

/// FLUX.2's denoiser, as diffusers' Flux2Transformer2DModel: it predicts the velocity of a flow, noise - x_0.
///
/// A latent is one that the autoencoder's patches make, [n, 128, h, w] at a sixteenth of the picture's size.
package struct Flux2Transformer2DModel: Denoiser {
  package let config: Flux2Config
  private let timeEmbedding: EmbeddingLayers
  private let guidanceEmbedding: EmbeddingLayers?
  private let pictureModulation, textModulation, singleModulation: Linear
  private let contextEmbedder, pictureEmbedder: Linear
  private let blocks: [Flux2TransformerBlock]
  private let singleBlocks: [Flux2SingleTransformerBlock]
  private let output: TokenOutput
  private let sinusoids: Sinusoids
  private let rotation: AxialRotation

  package init(_ weights: WeightScope, _ config: Flux2Config) throws {
    self.config = config
    let width = config.width
    let heads = NormedHeads(
      count: config.headCount, headWidth: config.headWidth, eps: config.eps, precision: weights.precision)
    let embedders = weights.scope("time_guidance_embed")
    func embedding(_ name: String) throws -> EmbeddingLayers {
      try EmbeddingLayers(embedders.scope(name), inputs: config.timeSize, outputs: width, bias: false)
    }
    timeEmbedding = try embedding("timestep_embedder")
    guidanceEmbedding = config.embedsGuidance ? try embedding("guidance_embedder") : nil
    func modulation(_ name: String, _ count: Int) throws -> Linear {
      try weights.linear("\(name).linear", inputs: width, outputs: count * width, bias: false)
    }
    pictureModulation = try modulation("double_stream_modulation_img", 6)
    textModulation = try modulation("double_stream_modulation_txt", 6)
    singleModulation = try modulation("single_stream_modulation", 3)
    contextEmbedder = try weights.linear(
      "context_embedder", inputs: config.conditioningSize, outputs: width, bias: false)
    pictureEmbedder = try weights.linear("x_embedder", inputs: config.inputChannels, outputs: width, bias: false)
    blocks = try (0..<config.layerCount).map {
      try Flux2TransformerBlock(weights.scope("transformer_blocks", $0), heads, config)
    }
    singleBlocks = try (0..<config.singleLayerCount).map {
      try Flux2SingleTransformerBlock(weights.scope("single_transformer_blocks", $0), heads, config)
    }
    output = try TokenOutput(weights, width: width, outputs: config.outputChannels, eps: config.eps, bias: false)
    sinusoids = Sinusoids(size: config.timeSize)
    rotation = AxialRotation(axes: config.rotaryAxes, theta: config.rotaryTheta)
  }

  package func predict(
    latent: Tensor, time: Double, conditionings: [DenoiserConditioning], extras: DenoiserExtras
  ) throws -> [Tensor] {
    try check(latent: latent, conditionings: conditionings, extras: extras)
    let samples = latent.shape[0]
    let texts = conditionings.stacked(\.states, samples: samples)
    let pictures = [latent] + extras.references.map { $0.repeated(toSamples: samples) }
    var x = Tensor(
      TokenProjection(
        joining: [(texts, contextEmbedder)]
          + pictures.map { ($0.patches(1, .channelsFirst).repeated(conditionings.count), pictureEmbedder) }))
    let textCount = texts.shape[1]
    let rotation = rotation(Self.positions(textCount: textCount, pictures: pictures))
    let conditioning = conditioning(time: time, guidance: extras.guidance)
    let (text, picture, single) = (
      Modulation(textModulation(conditioning), width: config.width),
      Modulation(pictureModulation(conditioning), width: config.width),
      Modulation(singleModulation(conditioning), width: config.width)
    )
    for block in blocks { x = block(x, textCount: textCount, text: text, picture: picture, rotation: rotation) }
    for block in singleBlocks { x = block(x, single, rotation: rotation) }
    let (height, width) = (latent.shape[2], latent.shape[3])
    return output(x, tokens: textCount..<textCount + height * width, conditioning: conditioning)
      .unpatched(1, .channelsFirst, height: height, width: width).cut(into: conditionings.count)
  }

  /// Of every token picture, row, column and place in the text; reference pictures are 10 apart, as those of diffusers'
  /// Flux2KleinPipeline.
  private static func positions(textCount: Int, pictures: [Tensor]) -> [[Int]] {
    (0..<textCount).map { [0, 0, 0, $0] }
      + pictures.enumerated().flatMap { index, picture in
        AxialRotation.grid([10 * index], rows: picture.shape[2], columns: picture.shape[3], [0])
      }
  }

  /// What modulates all tokens, after its SiLU: [1, d].
  private func conditioning(time: Double, guidance: Double?) -> Tensor {
    // The reference hands on a thousandth, and multiplies by 1000 in single precision.
    var vector = timeEmbedding(sinusoids([Float(time) / 1000 * 1000]))
    if let guidanceEmbedding {
      vector = vector + guidanceEmbedding(sinusoids([Float(guidance ?? Self.defaultGuidance) * 1000]))
    }
    return vector.activated(by: .silu)
  }

  /// Of diffusers' Flux2Pipeline.
  private static let defaultGuidance = 4.0

  package func check(latent: Tensor, conditionings: [DenoiserConditioning], extras: DenoiserExtras) throws {
    let inputs = DenoiserInputs(latent: latent, conditionings: conditionings, extras: extras)
    try inputs.requireLatent(channels: config.inputChannels, multiplesOf: 1, model: "FLUX.2")
    try inputs.requireStates(width: config.conditioningSize, model: "FLUX.2")
    try inputs.requireReferences(channels: config.inputChannels, model: "FLUX.2")
    try inputs.requireNoConcat(model: "FLUX.2")
    try inputs.requireNoControl(model: "FLUX.2")
    try inputs.requireNoStyles(model: "FLUX.2")
    if !config.embedsGuidance { try inputs.requireNoGuidance(model: "FLUX.2 klein") }
  }
}
