extension Model {
  /// Refuses what the text encoders cannot take of the prompts, one for each, without reading a weight.
  ///
  /// Throws `ModelError`, and what `vectors` throws for a textual inversion that was made for other encoders.
  package func check(_ prompts: [Prompt], vectors: TokenizingOptions.Vectors) throws {
    for (index, (config, prompt)) in zip(textConfigs, prompts).enumerated() {
      guard let clip = config.clip else {
        if prompt.syntax == .a1111 { throw TokenizedPrompt.unsupported(prompt.syntax, config.kind) }
        continue
      }
      let encoder = TextualInversion.Encoder(clip)
      func isForOthers(_ file: EmbeddingFolder.File) -> Bool {
        (try? vectors(file, encoder, clip.hiddenSize)) == nil
      }
      // Which of them the text calls, its tokens tell.
      guard prompt.embeddings.contains(where: isForOthers) else { continue }
      let tokenizer = try CLIPTokenizer(source.tokenizer(index), for: clip)
      _ = try TokenizedPrompt(prompt, tokenizer) { try vectors($0, encoder, clip.hiddenSize) }
    }
  }

  /// The text encoders of a model of Stable Diffusion.
  ///
  /// Throws as `textEncoders`, and `ModelError` for those of another family.
  package func clipEncoders() throws -> [CLIPTextEncoders.Encoder] {
    guard let encoders = try textEncoders() as? CLIPTextEncoders else {
      throw ModelError("\(path): the text encoders are not CLIP's alone")
    }
    return encoders.encoders
  }
}
