import Tensors

/// The text encoders of a model with their tokenizers, and how their states become what its denoiser looks at.
package protocol TextEncoders: Sendable {
  /// How many prompts there can be: one for each encoder that takes the whole text.
  var promptCount: Int { get }
  /// The most layers that `clipSkip` can leave out; nil where none can be.
  var mostSkipped: Int? { get }
  /// What stands for a text that is left out, where the model's pipeline has zeros for it; nil where it is the empty text.
  var absentText: TextEncoding? { get }
  /// Zeros of the form that texts have.
  func zeros(_ options: TokenizingOptions) -> TextEncoding

  /// What a person should know of how a prompt is read, one sentence each.
  func remarks(on prompt: Prompt) -> [String]
  /// What each encoder's tokenizer makes of the prompts, which are one for each encoder.
  ///
  /// Throws `ModelError` for what the encoders cannot take, and what `options.vectors` throws.
  func tokens(of prompts: [Prompt], _ options: TokenizingOptions) throws -> [TokenizedPrompt]
  /// Encodes a prompt in the tokens of each encoder; `clipSkip` leaves out that many more layers.
  ///
  /// Throws what the encoders throw.
  func encode(_ tokens: [TokenizedPrompt], clipSkip: Int) throws -> TextEncoding
}

extension TextEncoders {
  package func remarks(on prompt: Prompt) -> [String] { prompt.remarks }
}

/// What a denoiser looks at for one text: states [1, t, d] and, of SDXL and FLUX.1, a pooled vector [1, p].
package struct TextEncoding: Sendable {
  package let states: Tensor
  package let pooled: Tensor?
}

/// What decides, beside the prompt, into which tokens it goes.
package struct TokenizingOptions {
  /// Reads a textual inversion for an encoder of this width: vectors of [width].
  package typealias Vectors = (EmbeddingFolder.File, TextualInversion.Encoder, _ width: Int) throws -> [Tensor]

  /// The most tokens of T5 and Qwen3.
  let length: Int
  /// The fewest of them, where the model's pipeline fills texts up.
  let filledLength: Int
  let vectors: Vectors

  /// Texts of at most `length` tokens are filled up to `filledLength`.
  ///
  /// With the first alone they are filled up to it, with the second alone nothing is cut, and with neither both are the
  /// pipeline's own number.
  package init(length: Int? = nil, filledLength: Int? = nil, vectors: @escaping Vectors = { _, _, _ in [] }) {
    self.length = length ?? (filledLength == nil ? Self.pipelineLength : Self.mostTokens)
    self.filledLength = filledLength ?? self.length
    self.vectors = vectors
  }

  /// What the pipelines of diffusers take where nobody says otherwise.
  package static let pipelineLength = 512
  /// As long as no published text needs; scores would take the machine's memory.
  static let mostTokens = 1 << 14
}
