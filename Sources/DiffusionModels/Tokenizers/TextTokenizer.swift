/// What turns a text into the ids of a text encoder's tokens.
package protocol TextTokenizer: Sendable {
  /// The ids of all of `text`, without what stands before and behind a text.
  func contentIDs(_ text: String) -> [Int]
  /// The text that ids stand for, about as it was written; for messages.
  func decode(_ ids: some Sequence<Int>) -> String
}

/// What stands around the tokens of a text where they go into an encoder.
package struct TokenFrame: Sendable, Equatable {
  package let start: Int?
  package let end: Int?
  /// What follows the end until there are `filledLength` in all; nil where nothing does.
  package let padding: Int?
  /// The most tokens in all.
  package let length: Int
  /// The fewest tokens in all, where there is padding.
  package let filledLength: Int

  /// Texts are filled up to `filledLength`, or else to `length`.
  package init(start: Int? = nil, end: Int? = nil, padding: Int? = nil, length: Int, filledLength: Int? = nil) {
    (self.start, self.end, self.padding, self.length) = (start, end, padding, length)
    self.filledLength = min(filledLength ?? length, length)
  }

  /// How many tokens of a text fit.
  package var room: Int { max(length - (start == nil ? 0 : 1) - (end == nil ? 0 : 1), 0) }
}
