import Safetensors
import Tensors

/// Z-Image's denoiser, as diffusers' ZImageTransformer2DModel with its pipeline's sign: it predicts the velocity of a flow,
/// noise - x_0.
package struct ZImageTransformer2DModel: Denoiser {
  package let config: ZImageConfig
  private let timeEmbedding: EmbeddingLayers
  private let pictureEmbedder, contextEmbedder: Linear
  private let contextNorm: RMSNorm
  private let picturePadding, textPadding: Tensor  // [1, d]
  private let pictureRefiner, textRefiner, layers: [ZImageTransformerBlock]
  private let outputNorm: TokenNorm
  private let outputModulation, outputProjection: Linear
  private let rotation: AxialRotation

  private static let sinusoids = Sinusoids(size: 256)

  package var patchSize: Int { ZImageConfig.patchSize }

  package init(_ weights: WeightScope, _ config: ZImageConfig) throws {
    self.config = config
    let (width, tokenSize) = (config.width, config.latentChannels * ZImageConfig.patchSize * ZImageConfig.patchSize)
    let heads = NormedHeads(
      count: config.headCount, headWidth: config.headWidth, eps: 1e-5, precision: weights.precision)
    timeEmbedding = try EmbeddingLayers(
      weights.scope("t_embedder.mlp"), names: .init(first: "0", second: "2"), inputs: 256, width: 1024,
      outputs: config.modulationSize)
    pictureEmbedder = try weights.linear("all_x_embedder.2-1", inputs: tokenSize, outputs: width)
    contextNorm = RMSNorm(
      eps: Float(config.normEps), weight: try weights.tensor("cap_embedder.0.weight", [config.conditioningSize]))
    contextEmbedder = try weights.linear("cap_embedder.1", inputs: config.conditioningSize, outputs: width)
    // Writers of GGUF leave out an outermost 1.
    picturePadding = try weights.tensor("x_pad_token", [1, width], or: [width])
    textPadding = try weights.tensor("cap_pad_token", [1, width], or: [width])
    func blocks(_ name: String, _ count: Int, isModulated: Bool) throws -> [ZImageTransformerBlock] {
      try (0..<count).map {
        try ZImageTransformerBlock(weights.scope(name, $0), heads, config, isModulated: isModulated)
      }
    }
    pictureRefiner = try blocks("noise_refiner", config.refinerCount, isModulated: true)
    textRefiner = try blocks("context_refiner", config.refinerCount, isModulated: false)
    layers = try blocks("layers", config.layerCount, isModulated: true)
    let final = weights.scope("all_final_layer.2-1")
    outputNorm = .adaptive()
    outputModulation = try final.linear("adaLN_modulation.1", inputs: config.modulationSize, outputs: width)
    outputProjection = try final.linear("linear", inputs: width, outputs: tokenSize)
    rotation = AxialRotation(axes: config.rotaryAxes, theta: config.rotaryTheta, roundsAngles: true)
  }

  package func predict(
    latent: Tensor, time: Double, conditionings: [DenoiserConditioning], extras: DenoiserExtras
  ) throws -> [Tensor] {
    try check(latent: latent, conditionings: conditionings, extras: extras)
    let (samples, height, width, size) = (
      latent.shape[0], latent.shape[2], latent.shape[3], ZImageConfig.patchSize
    )
    // The model's own time goes from 0 in noise to 1 at the end, in single precision.
    let sinusoids = Self.sinusoids([(1000 - Float(time)) / 1000 * Float(config.timeScale)])
    let embedded = timeEmbedding(sinusoids)  // [1, c]

    let states = conditionings.stacked(\.states, samples: samples)
    let textCount = states.shape[1].roundedUp(toMultipleOf: ZImageConfig.tokenMultiple)
    var text = contextEmbedder(contextNorm(states)).padded(toTokens: textCount, with: textPadding)
    let textPlaces = (0..<textCount).map { [$0 + 1, 0, 0] }
    for block in textRefiner { text = block(text, time: embedded, rotation: rotation(textPlaces)) }

    let patches = latent.patches(size, .channelsLast)
    let pictureCount = patches.shape[1].roundedUp(toMultipleOf: ZImageConfig.tokenMultiple)
    var picture = pictureEmbedder(patches).padded(toTokens: pictureCount, with: picturePadding)
    let picturePlaces =
      AxialRotation.grid([textCount + 1], rows: height / size, columns: width / size)
      + Array(repeating: [0, 0, 0], count: pictureCount - patches.shape[1])
    for block in pictureRefiner { picture = block(picture, time: embedded, rotation: rotation(picturePlaces)) }

    var x = picture.repeated(conditionings.count).followed(by: text)  // [m, t, d]
    let rotation = rotation(picturePlaces + textPlaces)
    for block in layers { x = block(x, time: embedded, rotation: rotation) }
    let scale = outputModulation(embedded.activated(by: .silu))
    let normed = outputNorm(
      x, [TokenNorm.Modulation(0..<patches.shape[1], scale: SampleVector(scale, columns: 0..<config.width))])
    return (-outputProjection(normed)).unpatched(size, .channelsLast, height: height, width: width)
      .cut(into: conditionings.count)
  }

  package func check(latent: Tensor, conditionings: [DenoiserConditioning], extras: DenoiserExtras) throws {
    let inputs = DenoiserInputs(latent: latent, conditionings: conditionings, extras: extras)
    try inputs.requireLatent(channels: config.latentChannels, multiplesOf: ZImageConfig.patchSize, model: "Z-Image")
    try inputs.requireStates(width: config.conditioningSize, model: "Z-Image")
    try inputs.requireNoConcat(model: "Z-Image")
    try inputs.requireNoControl(model: "Z-Image")
    try inputs.requireNoStyles(model: "Z-Image")
    try inputs.requireNoReferences(model: "Z-Image")
    try inputs.requireNoGuidance(model: "Z-Image")
    try requirePlaces(latent: latent, conditionings: conditionings)
  }

  /// Refuses more positions than the model has.
  private func requirePlaces(latent: Tensor, conditionings: [DenoiserConditioning]) throws {
    let size = ZImageConfig.patchSize
    let (rows, columns) = (latent.shape[2] / size, latent.shape[3] / size)
    guard rows <= config.rotaryLengths[1], columns <= config.rotaryLengths[2] else {
      throw DenoiserMismatch(
        .latent,
        "the latent is \(latent.shape[3]) wide and \(latent.shape[2]) high; Z-Image takes at most "
          + "\(config.rotaryLengths[2] * size) and \(config.rotaryLengths[1] * size)")
    }
    // Text takes the positions from 1 on, and the picture the one behind it.
    let most = (config.rotaryLengths[0] - 2) / ZImageConfig.tokenMultiple * ZImageConfig.tokenMultiple
    for states in conditionings.map(\.states) where states.shape[1] > most {
      throw DenoiserMismatch(
        .conditioning, "the conditioning is \(states.shape); Z-Image takes texts of at most \(most) tokens")
    }
  }
}

extension Int {
  fileprivate func roundedUp(toMultipleOf unit: Int) -> Int { (self + unit - 1) / unit * unit }
}

extension Tensor {
  /// Appends copies of a vector [1, d]: [n, t, d] -> [n, tokens, d].
  fileprivate func padded(toTokens tokens: Int, with vector: Tensor) -> Tensor {
    let missing = tokens - shape[1]
    if missing == 0 { return self }
    let padding = vector.repeated(missing).reshaped([1, missing, shape[2]])
    return followed(by: padding.repeated(shape[0]))
  }

  /// Sequences one after the other: [n, a, d] and [n, b, d] -> [n, a + b, d].
  fileprivate func followed(by other: Tensor) -> Tensor {
    Tensor(
      concatenating: (0..<shape[0]).flatMap {
        [sample($0), other.sample($0)].map { $0.reshaped([$0.shape[1], $0.shape[2]]) }
      }
    )
    .reshaped([shape[0], shape[1] + other.shape[1], shape[2]])
  }
}
