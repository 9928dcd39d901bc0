import CTokenizers

extension CLIPTokenizer {
  /// CLIP's own tokenizer, for files of models that bring none.
  ///
  /// Texts are padded with the end's token, or with token 0, "!", as Stable Diffusion 2 and SDXL's second encoder have it.
  package static func clip(padsWithEnd: Bool) throws -> CLIPTokenizer {
    CLIPTokenizer(try encoding.get(), TokenizerFiles(padsWithEnd: padsWithEnd))
  }

  private static let encoding = Result {
    var size = 0
    let merges = ct_clip_merges(&size)
    let files = try BytePairFiles(
      merges: UnsafeRawBufferPointer(start: merges, count: size), path: "clip-merges.txt", endOfWord: endOfWord,
      specials: ["<|startoftext|>", "<|endoftext|>"])
    return try BytePairEncoding(files, endOfWord: endOfWord)
  }
}
