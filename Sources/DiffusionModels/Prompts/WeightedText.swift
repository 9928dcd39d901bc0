/// A part of a prompt, and how strongly it is meant; 1 is as it stands.
package struct WeightedText: Sendable, Equatable {
  package var text: String
  package var weight: Double

  package init(_ text: String, weight: Double = 1) {
    self.text = text
    self.weight = weight
  }
}

/// What brackets and words mean in a prompt.
package enum PromptSyntax: String, Sendable, CaseIterable {
  /// The text as it stands.
  case plain
  /// ComfyUI's: `(word:1.2)`, `embedding:name`.
  case comfyui
  /// That of AUTOMATIC1111's web UI: `(word:1.2)`, `[word]`, `BREAK`, embeddings by their bare names.
  case a1111

  /// Brackets nested deeper than this are no prompt: reading them would take the square of their number.
  static let deepestNesting = 256

  /// What `(word)` without a number multiplies by.
  static let emphasis = 1.1
}
