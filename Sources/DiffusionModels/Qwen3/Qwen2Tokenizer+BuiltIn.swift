import CTokenizers

extension Qwen2Tokenizer {
  /// Qwen3's own tokenizer, for files of models that bring none.
  package static func qwen3() throws -> Qwen2Tokenizer { try builtIn.get() }

  private static let builtIn = Result {
    var size = 0
    let merges = ct_qwen_merges(&size)
    let files = try BytePairFiles(
      merges: UnsafeRawBufferPointer(start: merges, count: size), path: "qwen-merges.txt", endOfWord: "")
    return Qwen2Tokenizer(
      try BytePairEncoding(files, endOfWord: ""), TokenizerFiles(roles: roles, others: addedTokens))
  }

  /// The tokens behind the vocabulary, in the order of their ids.
  private static let addedTokens = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>",
    "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>",
    "</think>",
  ].map { AddedToken($0) }
}
