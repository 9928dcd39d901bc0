import Tensors

/// A prompt as one text encoder takes it: in chunks, whose states are weighted after they are computed.
package struct TokenizedPrompt: Sendable {
  /// One or more.
  package let chunks: [PromptChunk]
  /// What did not fit of a plain prompt, which has one chunk; nil when all did.
  package let cutText: String?
  /// The empty prompt, where the weights need its states.
  private let empty: PromptChunk?

  /// Tokenises `prompt`; `vectors` reads a textual inversion for the text encoder.
  ///
  /// Throws what `vectors` throws, and `ModelError` for weights that are not finite.
  package init(
    _ prompt: Prompt, _ tokenizer: CLIPTokenizer, vectors: (EmbeddingFolder.File) throws -> [Tensor]
  ) throws {
    switch prompt.syntax {
    case .plain: (chunks, cutText) = PlainText.chunks(of: prompt, tokenizer)
    case .comfyui: (chunks, cutText) = (try ComfyUIChunks.chunks(of: prompt, tokenizer, vectors: vectors), nil)
    case .a1111: (chunks, cutText) = (try A1111Chunks.chunks(of: prompt, tokenizer, vectors: vectors), nil)
    }
    if let weight = chunks.lazy.flatMap(\.weights).first(where: { !Float($0).isFinite }) {
      throw ModelError("a weight is \(weight), which no number in single precision is")
    }
    empty =
      prompt.syntax == .comfyui && chunks.contains(where: \.hasWeights) ? PromptChunk([], tokenizer) : nil
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
