import Foundation

/// A prompt taken apart, before any tokenizer has seen it.
package struct Prompt: Sendable {
  enum Part: Equatable {
    /// Tokenised by itself.
    case text(WeightedText)
    case embedding(EmbeddingFolder.File, weight: Double)
    /// What follows begins a new chunk.
    case chunkBreak
  }

  let syntax: PromptSyntax
  /// As it was written.
  let text: String
  let parts: [Part]
  /// Textual inversions whose bare names the text may hold; tokens tell.
  let bareNames: [EmbeddingFolder.File]
  /// What a person should know of how the text was read, one sentence each.
  package let remarks: [String]

  /// Reads `text`; `embeddings` are the textual inversions that it may name.
  ///
  /// Throws `ModelError` for brackets nested too deep, and a textual inversion in a format that is never opened.
  package init(_ text: String, syntax: PromptSyntax, embeddings: EmbeddingFolder? = nil) throws {
    (self.syntax, self.text) = (syntax, text)
    switch syntax {
    case .plain:
      parts = [.text(WeightedText(text))]
      bareNames = []
      remarks = PlainText.remark(on: text).map { [$0] } ?? []
    case .comfyui:
      var reading = EmbeddingCalls(folder: embeddings)
      for piece in try ComfyUIPrompt.pieces(text) { try reading.read(piece) }
      parts = reading.parts
      bareNames = []
      remarks = reading.remarks
    case .a1111:
      let prompt = try A1111Prompt(text)
      parts = prompt.segments.map { segment in
        switch segment {
        case .text(let piece): .text(piece)
        case .chunkBreak: .chunkBreak
        }
      }
      let names = BareNames(in: parts)
      bareNames = embeddings?.named.filter { names.mayHold($0.name) } ?? []
      let unread = embeddings?.pickledNames.filter(names.mayHold) ?? []
      remarks =
        prompt.remarks
        + unread.map { "the embedding '\($0)' is no .safetensors file: formats that can run code are never opened" }
    }
  }

  /// Whether a part of it is meant more or less than others.
  var hasWeights: Bool {
    parts.contains { part in
      switch part {
      case .text(let piece): piece.weight != 1
      case .embedding(_, let weight): weight != 1
      case .chunkBreak: false
      }
    }
  }

  /// The textual inversions that decide what the prompt means, in an order that the text gives.
  package var embeddings: [EmbeddingFolder.File] {
    parts.compactMap { if case .embedding(let file, _) = $0 { file } else { nil } } + bareNames
  }
}

/// Which names a text can hold, however it is tokenised: spaces and case count for nothing there.
private struct BareNames {
  private let texts: [Data]

  init(in parts: [Prompt.Part]) {
    texts = parts.compactMap { if case .text(let piece) = $0 { Self.squeezed(piece.text) } else { nil } }
  }

  func mayHold(_ name: String) -> Bool {
    let name = Self.squeezed(name)
    return !name.isEmpty && texts.contains { $0.firstRange(of: name) != nil }
  }

  private static func squeezed(_ text: String) -> Data {
    Data(CLIPTextSplitter.words(CLIPTextSplitter.normalize(text.unicodeScalars)).joined())
  }
}
