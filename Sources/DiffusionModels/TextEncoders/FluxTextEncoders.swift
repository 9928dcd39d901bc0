import Tensors

/// The text encoders of FLUX.1: CLIP, of which the denoiser sees a pooled vector, and T5, of which it sees the states.
package struct FluxTextEncoders: TextEncoders {
  private let clip: (tokenizer: CLIPTokenizer, model: CLIPTextModel)
  private let t5: (tokenizer: T5Tokenizer, model: T5EncoderModel)

  init(clip: (tokenizer: CLIPTokenizer, model: CLIPTextModel), t5: (tokenizer: T5Tokenizer, model: T5EncoderModel)) {
    (self.clip, self.t5) = (clip, t5)
  }

  package var promptCount: Int { 2 }
  package var mostSkipped: Int? { nil }
  package var absentText: TextEncoding? { nil }

  package func zeros(_ options: TokenizingOptions) -> TextEncoding {
    TextEncoding(
      states: .zeros([1, options.filledLength, t5.model.config.hiddenSize]),
      pooled: .zeros([1, clip.model.config.hiddenSize]))
  }

  package func tokens(of prompts: [Prompt], _ options: TokenizingOptions) throws -> [TokenizedPrompt] {
    let config = clip.model.config
    return [
      try TokenizedPrompt(prompts[0], clip.tokenizer) { file in
        try options.vectors(file, .clipL, config.hiddenSize)
      },
      try TokenizedPrompt(
        prompts[1], t5.tokenizer,
        frame: t5.tokenizer.frame(length: options.length, filledLength: options.filledLength)),
    ]
  }

  /// As `encode_prompt` of diffusers' FluxPipeline: T5's states, padding among them, and CLIP's last state at the end of the
  /// first chunk.
  package func encode(_ prompts: [TokenizedPrompt], clipSkip: Int = 0) throws -> TextEncoding {
    let first = prompts[0].chunks[0]
    let pooled = try clip.model(tokens: [first.tokens]).reshaped([first.tokens.count, clip.model.config.hiddenSize])
      .sample(first.endIndex)
    return TextEncoding(states: prompts[1].weighted(try t5.model(tokens: prompts[1].rows)), pooled: pooled)
  }
}
