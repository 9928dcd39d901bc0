import Tensors

/// The text encoder of FLUX.2 klein and Z-Image: a language model that is asked for a picture, as a chat.
package struct Qwen3TextEncoders: TextEncoders {
  private let tokenizer: Qwen2Tokenizer
  private let model: Qwen3Model
  private let recipe: TextRecipe
  /// After how many layers states are taken.
  private let depths: [Int]

  init(tokenizer: Qwen2Tokenizer, model: Qwen3Model, recipe: TextRecipe) {
    (self.tokenizer, self.model, self.recipe) = (tokenizer, model, recipe)
    depths = recipe.depths(ofLayers: model.config.layerCount)
  }

  package var promptCount: Int { 1 }
  package var mostSkipped: Int? { nil }
  package var absentText: TextEncoding? { nil }

  package func zeros(_ options: TokenizingOptions) -> TextEncoding {
    let length = recipe == .zImage ? 1 : options.filledLength
    return TextEncoding(states: .zeros([1, length, depths.count * model.config.hiddenSize]), pooled: nil)
  }

  /// No syntax weighs its text.
  package func remarks(on prompt: Prompt) -> [String] {
    prompt.syntax == .comfyui && prompt.hasWeights ? ["Qwen3 takes no weights: brackets are plain text"] : []
  }

  /// klein sees its texts filled up, Z-Image as they are.
  package func tokens(of prompts: [Prompt], _ options: TokenizingOptions) throws -> [TokenizedPrompt] {
    let chat = ChatTemplate(thinks: recipe == .zImage)
    let frame = TokenFrame(
      padding: recipe == .zImage ? nil : tokenizer.paddingID, length: options.length,
      filledLength: options.filledLength)
    return [try TokenizedPrompt(prompts[0], tokenizer, frame: frame, chat: chat)]
  }

  /// As `encode_prompt` of diffusers' Flux2KleinPipeline and ZImagePipeline: padding looks at the text and is not looked at.
  package func encode(_ prompts: [TokenizedPrompt], clipSkip: Int = 0) throws -> TextEncoding {
    let chunk = prompts[0].chunks[0]
    let states = try model(chunk.ids, seen: chunk.contentCount, depths: depths)
    return TextEncoding(states: states.dropFirst().reduce(states[0]) { $0.concatenatingChannels($1) }, pooled: nil)
  }
}
