import Tensors

/// The text encoders of a model with their tokenizers, and how their states become what a UNet looks at.
package struct TextEncoders: Sendable {
  package typealias Encoder = (tokenizer: CLIPTokenizer, model: CLIPTextModel)

  /// One, or the two of SDXL.
  package let encoders: [Encoder]
  /// Whether states are those before the last layer without the final norm, and a pooled vector comes with them.
  package let isOfSDXL: Bool
  /// Whether a text that is left out is zeros, and not the empty text.
  package let zeroesAbsentText: Bool

  init(_ encoders: [Encoder], isOfSDXL: Bool, zeroesAbsentText: Bool) {
    (self.encoders, self.isOfSDXL, self.zeroesAbsentText) = (encoders, isOfSDXL, zeroesAbsentText)
  }

  /// What a UNet looks at for one text: states [1, t, d] and, of SDXL, a pooled vector [1, p].
  package struct Encoding: Sendable {
    package let states: Tensor
    package let pooled: Tensor?
  }

  /// The most layers that `clipSkip` can leave out.
  package var mostSkipped: Int { (encoders.map(\.model.config.layerCount).min() ?? 1) - 1 - (isOfSDXL ? 1 : 0) }

  /// What stands for a text that is left out, where the model has zeros for it.
  package var zeros: (states: Tensor, pooled: Tensor?) {
    let configs = encoders.map(\.model.config)
    return (
      .zeros([1, encoders[0].tokenizer.length, configs.reduce(0) { $0 + $1.hiddenSize }]),
      configs.last?.projectionSize.map { .zeros([1, $0]) }
    )
  }

  /// Encodes a prompt in the tokens of each encoder; `clipSkip` leaves out that many more layers.
  ///
  /// As `encode_prompt` of diffusers' StableDiffusionPipeline, and of StableDiffusionXLPipeline with the states of both
  /// encoders side by side; the pooled text is the last encoder's, of the first chunk. Throws what the encoders throw.
  package func encode(_ prompts: [TokenizedPrompt], clipSkip: Int = 0) throws -> Encoding {
    guard isOfSDXL else {
      let states = try encoders[0].model(tokens: prompts[0].rows, clipSkip: clipSkip)
      return Encoding(states: prompts[0].weighted(states), pooled: nil)
    }
    guard let first = prompts.first, prompts.allSatisfy({ $0.chunks.count == first.chunks.count }) else {
      throw ModelError(
        "the prompt takes \(prompts.map(\.chunks.count)) chunks in the text encoders; one number was expected")
    }
    var (states, pooled): ([Tensor], Tensor?) = ([], nil)
    for (encoder, prompt) in zip(encoders, prompts) {
      let encoded = try encoder.model.states(
        tokens: prompt.rows, skipping: clipSkip + 1, endIndices: prompt.endIndices)
      states.append(prompt.weighted(encoded.hidden))
      pooled = encoded.pooled?.samples(0..<1) ?? pooled
    }
    return Encoding(states: states.dropFirst().reduce(states[0]) { $0.concatenatingChannels($1) }, pooled: pooled)
  }
}
