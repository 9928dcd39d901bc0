import Tensors

/// Cuts a prompt into chunks as AUTOMATIC1111's web UI does, with its settings as they come.
///
/// A full chunk is cut after its last comma, if that is among its last 20 tokens; `BREAK` fills a chunk up; an embedding is
/// never cut. An embedding is known by its tokens, of several the longest.
/// Source: `tokenize_line` of the web UI's `sd_hijack_clip.py` and `find_embedding_at_position` of its
/// `textual_inversion.py`. Unlike there, a name begins where a word begins, and vectors move with the text that they are in.
struct A1111Chunks {
  /// How far before a full chunk's end a comma may be: the setting "prompt word wrap length limit".
  private static let wrapLimit = 20

  private let tokenizer: CLIPTokenizer
  private let comma: Int?
  private var chunks: [PromptChunk] = []
  private var content: [WeightedToken] = []
  /// Where in `content` the last comma is.
  private var lastComma: Int?

  static func chunks(
    of prompt: Prompt, _ tokenizer: CLIPTokenizer, vectors: (EmbeddingFolder.File) throws -> [Tensor]
  ) throws -> [PromptChunk] {
    var chunking = A1111Chunks(tokenizer)
    let names = prompt.bareNames.map { ($0, tokenizer.contentWords($0.name)) }.filter { !$1.isEmpty }
      .sorted { $0.1.joined().count > $1.1.joined().count }
    var read: [EmbeddingFolder.File: [Tensor]] = [:]
    for part in prompt.parts {
      switch part {
      case .chunkBreak: chunking.finish()
      case .embedding: preconditionFailure("embeddings are found among the tokens")
      case .text(let piece):
        var rest = tokenizer.contentWords(piece.text)[...]
        while let word = rest.first {
          if let (file, words) = names.first(where: { rest.starts(with: $0.1) }) {
            let found = try read[file] ?? vectors(file)
            read[file] = found
            try chunking.add(found, of: file, weight: piece.weight)
            rest = rest.dropFirst(words.count)
          } else {
            for id in word { chunking.add(WeightedToken(token: .id(id), weight: piece.weight)) }
            rest = rest.dropFirst()
          }
        }
      }
    }
    if !chunking.content.isEmpty || chunking.chunks.isEmpty { chunking.finish() }
    return chunking.chunks
  }

  private init(_ tokenizer: CLIPTokenizer) {
    self.tokenizer = tokenizer
    comma = tokenizer.id(ofWord: ",")
  }

  private var room: Int { tokenizer.length - 2 }

  private mutating func add(_ token: WeightedToken) {
    makeRoom(isComma: token.token == comma.map(TextToken.id))
    content.append(token)
  }

  private mutating func add(_ vectors: [Tensor], of file: EmbeddingFolder.File, weight: Double) throws {
    guard vectors.count <= room else {
      throw ModelError("\(file.path): has \(vectors.count) vectors, and a chunk of a prompt has room for \(room)")
    }
    makeRoom(isComma: false)
    if content.count + vectors.count > room { finish() }
    content += vectors.map { WeightedToken(token: .vector($0), weight: weight) }
  }

  /// Ends a full chunk, so that one more token fits.
  private mutating func makeRoom(isComma: Bool) {
    if isComma {
      lastComma = content.count
    } else if content.count == room, let comma = lastComma, room - comma <= Self.wrapLimit {
      let moved = content[(comma + 1)...]
      content.removeSubrange((comma + 1)...)
      finish()
      content = Array(moved)
    }
    if content.count == room { finish() }
  }

  private mutating func finish() {
    chunks.append(PromptChunk(content[...], tokenizer.frame))
    content = []
    lastComma = nil
  }
}
