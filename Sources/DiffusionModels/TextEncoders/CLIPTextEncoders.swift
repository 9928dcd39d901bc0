import Tensors

/// The text encoders of Stable Diffusion: one CLIP, or the two of SDXL.
package struct CLIPTextEncoders: TextEncoders {
  package typealias Encoder = (tokenizer: CLIPTokenizer, model: CLIPTextModel)

  package let encoders: [Encoder]
  private let recipe: TextRecipe
  /// Whether a text that is left out is zeros, and not the empty text.
  private let zeroesAbsentText: Bool

  init(_ encoders: [Encoder], _ recipe: TextRecipe, zeroesAbsentText: Bool) {
    (self.encoders, self.recipe, self.zeroesAbsentText) = (encoders, recipe, zeroesAbsentText)
  }

  package var promptCount: Int { encoders.count }
  package var mostSkipped: Int? { recipe.mostSkipped(encoders.map { .clip($0.model.config) }) }
  package var absentText: TextEncoding? { zeroesAbsentText ? zeros(TokenizingOptions()) : nil }

  package func zeros(_ options: TokenizingOptions) -> TextEncoding {
    let configs = encoders.map(\.model.config)
    return TextEncoding(
      states: .zeros([1, encoders[0].tokenizer.length, configs.reduce(0) { $0 + $1.hiddenSize }]),
      pooled: configs.last?.projectionSize.map { .zeros([1, $0]) })
  }

  /// The encoders see as many chunks of a prompt: one that needs fewer sees empty ones behind, as in ComfyUI.
  package func tokens(of prompts: [Prompt], _ options: TokenizingOptions) throws -> [TokenizedPrompt] {
    let tokens = try zip(encoders, prompts).map { encoder, prompt in
      let config = encoder.model.config
      return try TokenizedPrompt(prompt, encoder.tokenizer) { file in
        try options.vectors(file, TextualInversion.Encoder(config), config.hiddenSize)
      }
    }
    let count = tokens.map(\.chunks.count).max() ?? 1
    return zip(encoders, tokens).map { $1.filled(toChunks: count, $0.tokenizer.frame) }
  }

  /// As `encode_prompt` of diffusers' StableDiffusionPipeline, and of StableDiffusionXLPipeline with the states of both
  /// encoders side by side; the pooled text is the last encoder's, of the first chunk.
  package func encode(_ prompts: [TokenizedPrompt], clipSkip: Int = 0) throws -> TextEncoding {
    guard recipe == .sdxl else {
      let states = try encoders[0].model(tokens: prompts[0].rows, clipSkip: clipSkip)
      return TextEncoding(states: prompts[0].weighted(states), pooled: nil)
    }
    var (states, pooled): ([Tensor], Tensor?) = ([], nil)
    for (encoder, prompt) in zip(encoders, prompts) {
      let encoded = try encoder.model.states(
        tokens: prompt.rows, skipping: clipSkip + 1, endIndices: prompt.endIndices)
      states.append(prompt.weighted(encoded.hidden))
      pooled = encoded.pooled?.samples(0..<1) ?? pooled
    }
    return TextEncoding(states: states.dropFirst().reduce(states[0]) { $0.concatenatingChannels($1) }, pooled: pooled)
  }
}
