import Tensors

/// A prompt as one text encoder takes it: in chunks, whose states are weighted after they are computed.
package struct TokenizedPrompt: Sendable {
  /// One or more.
  package let chunks: [PromptChunk]
  /// What did not fit of a prompt that has one chunk, and how many tokens that has; nil when all did.
  package let cut: (text: String, length: Int)?
  /// The empty prompt, where the weights need its states.
  private let empty: PromptChunk?

  private init(chunks: [PromptChunk], cutText: String?, length: Int, empty: PromptChunk?) {
    (self.chunks, self.empty) = (chunks, empty)
    cut = cutText.map { ($0, length) }
  }

  /// Tokenises `prompt` for CLIP; `vectors` reads a textual inversion for the text encoder.
  ///
  /// Throws what `vectors` throws, and `ModelError` for weights that are not finite.
  package init(
    _ prompt: Prompt, _ tokenizer: CLIPTokenizer, vectors: (EmbeddingFolder.File) throws -> [Tensor]
  ) throws {
    var cutText: String?
    switch prompt.syntax {
    case .plain:
      let chunk: PromptChunk
      (chunk, cutText) = PlainText.chunk(of: prompt.text, tokenizer, tokenizer.frame)
      chunks = [chunk]
    case .comfyui: chunks = try ComfyUIChunks.chunks(of: prompt, tokenizer, vectors: vectors)
    case .a1111: chunks = try A1111Chunks.chunks(of: prompt, tokenizer, vectors: vectors)
    }
    try Self.requireFinite(chunks)
    cut = cutText.map { ($0, tokenizer.length) }
    empty =
      prompt.syntax == .comfyui && chunks.contains(where: \.hasWeights) ? PromptChunk([], tokenizer.frame) : nil
  }

  /// Tokenises `prompt` for T5, which takes it in one piece: plain, or weighed as ComfyUI does.
  ///
  /// Throws `ModelError` for another syntax, and weights that are not finite.
  init(_ prompt: Prompt, _ tokenizer: T5Tokenizer, frame: TokenFrame) throws {
    switch prompt.syntax {
    case .plain:
      let (chunk, cutText) = PlainText.chunk(of: prompt.text, tokenizer, frame)
      self.init(chunks: [chunk], cutText: cutText, length: frame.length, empty: nil)
    case .comfyui:
      // Each piece is tokenised by itself; a textual inversion has no vectors for T5.
      let content = prompt.parts.flatMap { part -> [WeightedToken] in
        guard case .text(let piece) = part else { return [] }
        return tokenizer.contentIDs(piece.text).map { WeightedToken(token: .id($0), weight: piece.weight) }
      }
      let kept = content.prefix(frame.room)
      let cut = content.dropFirst(kept.count).compactMap { if case .id(let id) = $0.token { id } else { nil } }
      let chunk = PromptChunk(kept, frame)
      try Self.requireFinite([chunk])
      // As long as the prompt, where nothing is cut.
      let whole = TokenFrame(end: frame.end, padding: frame.padding, length: chunk.tokens.count)
      self.init(
        chunks: [chunk], cutText: cut.isEmpty ? nil : tokenizer.decode(cut), length: frame.length,
        empty: chunk.hasWeights ? PromptChunk([], whole) : nil)
    case .a1111: throw Self.unsupported(prompt.syntax, "T5")
    }
  }

  /// Tokenises `prompt` as a turn of a chat, for Qwen3, for which ComfyUI's syntax has no weights: what does not fit is cut behind, as in
  /// transformers, be it the chat's own text.
  ///
  /// Throws `ModelError` for a syntax that it has not.
  init(_ prompt: Prompt, _ tokenizer: Qwen2Tokenizer, frame: TokenFrame, chat: ChatTemplate) throws {
    if prompt.syntax == .a1111 { throw Self.unsupported(prompt.syntax, "Qwen3") }
    let turn = prompt.syntax == .comfyui ? ComfyUIPrompt.unescaped(prompt.text) : prompt.text
    let (chunk, cutText) = PlainText.chunk(of: chat.text(of: turn), tokenizer, frame)
    self.init(chunks: [chunk], cutText: cutText, length: frame.length, empty: nil)
  }

  static func unsupported(_ syntax: PromptSyntax, _ encoder: String) -> ModelError {
    ModelError(
      "the syntax \(syntax.rawValue) is for CLIP's text encoders, and the model has \(encoder); plain or comfyui was expected"
    )
  }

  private static func requireFinite(_ chunks: [PromptChunk]) throws {
    if let weight = chunks.lazy.flatMap(\.weights).first(where: { !Float($0).isFinite }) {
      throw ModelError("a weight is \(weight), which no number in single precision is")
    }
  }

  /// The same with empty chunks behind, until there are `count`.
  func filled(toChunks count: Int, _ frame: TokenFrame) -> TokenizedPrompt {
    let missing = Array(repeating: PromptChunk([], frame), count: max(count - chunks.count, 0))
    return TokenizedPrompt(chunks: chunks + missing, cutText: cut?.text, length: cut?.length ?? 0, empty: empty)
  }

  /// What the text encoder is to be given, one row a chunk, and one more where `weighted` needs it.
  package var rows: [[TextToken]] { chunks.map(\.tokens) + (empty.map { [$0.tokens] } ?? []) }

  /// Where the end of the text is in each of `rows`.
  var endIndices: [Int] { chunks.map(\.endIndex) + (empty.map { [$0.endIndex] } ?? []) }

  /// The states of `rows`, [rows, tokens, width], with the prompt's weights, one chunk after the other:
  /// [1, chunks * tokens, width].
  ///
  /// In ComfyUI's syntax each state goes from that of the empty prompt at its place, `empty + w (z - empty)`. In A1111's it is
  /// `w z`, and all of a chunk are then multiplied by what gives them the mean that they had.
  /// Source: `encode_token_weights` of ComfyUI's `sd1_clip.py`; `EmphasisOriginal` of the web UI's `sd_emphasis.py`.
  package func weighted(_ states: Tensor) -> Tensor {
    let weighted = chunks.enumerated().map { index, chunk in
      let own = states.sample(index)
      guard chunk.hasWeights else { return own }
      return empty == nil
        ? Self.multiplied(own, by: chunk.weights)
        : Self.interpolated(own, from: states.sample(chunks.count), by: chunk.weights)
    }
    let joined = Tensor(concatenating: weighted)
    return joined.reshaped([1, joined.shape[0] * joined.shape[1], joined.shape[2]])
  }

  private static func interpolated(_ states: Tensor, from empty: Tensor, by weights: [Double]) -> Tensor {
    let width = states.shape[2]
    return Tensor(shape: states.shape) { target in
      states.withUnsafeBufferPointer { states in
        empty.withUnsafeBufferPointer { empty in
          for (row, weight) in weights.enumerated() {
            for index in row * width..<(row + 1) * width {
              // What has no weight keeps its bits.
              target[index] =
                weight == 1 ? states[index] : (states[index] - empty[index]) * Float(weight) + empty[index]
            }
          }
        }
      }
    }
  }

  private static func multiplied(_ states: Tensor, by weights: [Double]) -> Tensor {
    let width = states.shape[2]
    let product = Tensor(shape: states.shape) { target in
      states.withUnsafeBufferPointer { states in
        for (row, weight) in weights.enumerated() {
          for index in row * width..<(row + 1) * width { target[index] = states[index] * Float(weight) }
        }
      }
    }
    let ratio = sum(states) / sum(product)
    return ratio.isFinite ? Float(ratio) * product : product
  }

  private static func sum(_ tensor: Tensor) -> Double {
    tensor.withUnsafeBufferPointer { $0.reduce(0) { $0 + Double($1) } }
  }
}
