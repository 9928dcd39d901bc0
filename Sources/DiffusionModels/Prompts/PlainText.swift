/// Prompts whose text means what it says.
enum PlainText {
  /// One chunk, and what did not fit into it.
  static func chunks(of prompt: Prompt, _ tokenizer: CLIPTokenizer) -> ([PromptChunk], cutText: String?) {
    let texts = prompt.parts.compactMap { if case .text(let piece) = $0 { piece.text } else { nil } }
    let tokens = tokenizer.encode(texts.joined())
    let content = tokens.ids[1..<tokens.count - 1].map { WeightedToken(token: .id($0), weight: 1) }
    return ([PromptChunk(content, tokenizer)], tokens.cutText)
  }

  /// A sentence on the first bracket or word that would mean something in another syntax; nil for plain text.
  static func remark(on text: String) -> String? {
    guard let found = firstMark(in: text) else { return nil }
    return
      "'\(found)' is plain text here: brackets, weights and names of embeddings mean something with 'syntax: comfyui' "
      + "or 'syntax: a1111'"
  }

  /// `(word)`, `[word]`, `embedding:name`, `<lora:name:1>`, or `BREAK` and `AND` as words.
  private static func firstMark(in text: String) -> String? {
    let words = text.split { $0.isWhitespace || $0 == "," }
    if let word = words.first(where: { ["BREAK", "AND"].contains($0) || $0.hasPrefix("embedding:") || isNetwork($0) }) {
      return String(word)
    }
    for (opening, closing) in [("(", ")"), ("[", "]")] as [(Character, Character)] {
      if let start = text.firstIndex(of: opening), let end = text[start...].firstIndex(of: closing),
        text.index(after: start) < end
      {
        return String(text[start...end])
      }
    }
    return nil
  }

  private static func isNetwork(_ word: Substring) -> Bool { word.hasPrefix("<lora:") && word.contains(">") }
}
