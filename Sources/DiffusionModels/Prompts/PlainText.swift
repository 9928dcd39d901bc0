/// Prompts whose text means what it says.
enum PlainText {
  /// One chunk, and what did not fit into it.
  static func chunk(
    of text: String, _ tokenizer: some TextTokenizer, _ frame: TokenFrame
  ) -> (PromptChunk, cutText: String?) {
    let ids = tokenizer.contentIDs(text)
    let kept = ids.prefix(frame.room)
    let cut = kept.count < ids.count ? tokenizer.decode(ids[kept.count...]) : nil
    return (PromptChunk(kept.map { WeightedToken(token: .id($0), weight: 1) }, frame), cut)
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
