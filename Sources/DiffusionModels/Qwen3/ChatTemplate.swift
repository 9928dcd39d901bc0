/// The text around one turn of a user, as Qwen3's chat template writes it.
struct ChatTemplate {
  /// Whether the model is left to think before it answers: else it is told that it has thought.
  let thinks: Bool

  func text(of turn: String) -> String {
    "<|im_start|>user\n\(turn)<|im_end|>\n<|im_start|>assistant\n" + (thinks ? "" : "<think>\n\n</think>\n\n")
  }
}
