/// A node as it stands in a file, with the places of all that a reader of values passes over.
struct YAMLLayout {
  indirect enum Content {
    /// Plain or in quotes, on one or more lines.
    case text
    /// After `|` or `>`, which stands at the node's content.
    case block(YAMLBlockText)
    case alias
    /// Nothing is written.
    case nothing
    case flowSequence([YAMLLayout])
    case flowMapping([Pair])
    /// A pair that stands in a list without braces.
    case flowPair(Pair)
    case sequence([Item])
    case mapping([Pair])
  }

  struct Pair {
    let key: YAMLLayout
    let value: YAMLLayout
    /// Where `:` stands; nil in braces, where a key may stand alone.
    let colon: Int?

    var end: Int { max(key.end, colon.map { $0 + 1 } ?? 0, value.isNothing ? 0 : value.end) }
  }

  struct Item {
    let dash: Int
    let node: YAMLLayout
  }

  /// Anchor and tag, with a blank between them.
  let properties: String
  /// Index of the first scalar, of the properties if there are any.
  let start: Int
  let contentStart: Int
  /// Index after the last scalar.
  let end: Int
  let content: Content

  /// Whether neither it nor properties of it are written.
  var isNothing: Bool {
    if case .nothing = content { properties.isEmpty } else { false }
  }

  /// Whether its entries stand on lines of their own, by their indentation.
  var isBlockCollection: Bool {
    switch content {
    case .sequence, .mapping: true
    default: false
    }
  }
}

/// The lines of a text after `|` or `>`.
struct YAMLBlockText {
  /// The indicators, such as `>-`.
  let header: String
  /// How far it is indented more than what it belongs to, where the header says so.
  let indentation: Int?
  /// Without their indentation.
  let lines: [String]
  /// The last line in the file that is part of it.
  let lastLine: Int
}
