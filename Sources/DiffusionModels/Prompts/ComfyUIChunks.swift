import Tensors

/// Cuts a prompt into chunks as ComfyUI does.
///
/// Text between brackets, or an embedding, is kept together where it has fewer than 8 tokens: one that does not fit begins
/// the next chunk. Longer ones are cut wherever a chunk is full.
/// Source: `SDTokenizer.tokenize_with_weights` of ComfyUI's `sd1_clip.py`.
enum ComfyUIChunks {
  /// From so many tokens on a piece may be cut.
  private static let longPiece = 8

  static func chunks(
    of prompt: Prompt, _ tokenizer: CLIPTokenizer, vectors: (EmbeddingFolder.File) throws -> [Tensor]
  ) throws -> [PromptChunk] {
    let room = tokenizer.length - 2
    var chunks: [PromptChunk] = []
    var content: [WeightedToken] = []
    func finish() {
      chunks.append(PromptChunk(content[...], tokenizer.frame))
      content = []
    }
    for part in prompt.parts {
      let piece = try tokens(of: part, tokenizer, vectors: vectors)
      var rest = piece[...]
      while content.count + rest.count > room {
        if piece.count >= longPiece || rest.count > room {
          let taken = room - content.count
          content += rest.prefix(taken)
          rest = rest.dropFirst(taken)
        }
        finish()
      }
      content += rest
    }
    finish()
    return chunks
  }

  private static func tokens(
    of part: Prompt.Part, _ tokenizer: CLIPTokenizer, vectors: (EmbeddingFolder.File) throws -> [Tensor]
  ) throws -> [WeightedToken] {
    switch part {
    case .text(let piece):
      return tokenizer.contentIDs(piece.text).map { WeightedToken(token: .id($0), weight: piece.weight) }
    case .embedding(let file, let weight):
      return try vectors(file).map { WeightedToken(token: .vector($0), weight: weight) }
    case .chunkBreak: return []
    }
  }
}
