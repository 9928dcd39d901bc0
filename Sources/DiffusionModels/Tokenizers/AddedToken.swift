/// A token beside the vocabulary's pieces: it is found in the text before the text is cut into words.
///
/// As tokenizers' AddedToken; its flags and their defaults are those of the files.
struct AddedToken: Equatable {
  let content: String
  /// The row of the embedding; nil where the file does not tell.
  var id: Int?
  /// Whether it is looked for in the normalised text, so that case does not matter.
  var isNormalized: Bool
  /// Whether it counts only where no letter, digit or "_" is next to it.
  var isSingleWord = false
  /// Whether it takes the white space before or after it with it.
  var takesSpaceBefore = false
  var takesSpaceAfter = false

  init(_ content: String, id: Int? = nil, isNormalized: Bool = false) {
    (self.content, self.id, self.isNormalized) = (content, id, isNormalized)
  }

  /// Reads a token that is written as a string, or as an object with `content`; nil for null and "", which are none.
  ///
  /// `isSpecial` counts where the object does not say it. Throws `ModelError`, which names `key` of the file at `path`.
  init?(_ value: JSONValue, id: Int? = nil, isSpecial: Bool = true, key: String, path: String) throws {
    switch value {
    case .null, .string(""): return nil
    case .string(let content): self.init(content, id: id)
    case .object(let fields):
      guard case .string(let content) = fields["content"] else { throw Self.malformed(value, key, path) }
      if content.isEmpty { return nil }
      func flag(_ name: String, default fallback: Bool) throws -> Bool {
        switch fields[name] {
        case nil, .null: return fallback
        case .bool(let flag): return flag
        case let other?:
          throw ModelError("\(path): '\(key)' has a token whose '\(name)' is \(other); true or false was expected")
        }
      }
      self.init(content, id: id, isNormalized: try flag("normalized", default: !flag("special", default: isSpecial)))
      isSingleWord = try flag("single_word", default: false)
      takesSpaceBefore = try flag("lstrip", default: false)
      takesSpaceAfter = try flag("rstrip", default: false)
    default: throw Self.malformed(value, key, path)
    }
  }

  private static func malformed(_ value: JSONValue, _ key: String, _ path: String) -> ModelError {
    ModelError("\(path): '\(key)' is \(value); a string or an object with a string 'content' was expected")
  }
}
