import Tensors

/// What stands at one place of a text encoder's input.
package enum TextToken: Sendable, Equatable {
  case id(Int)
  /// A vector in the place of a token's own, [width].
  case vector(Tensor)
}

/// A token of a prompt and the weight of the text that it is of.
struct WeightedToken: Equatable {
  let token: TextToken
  let weight: Double
}

/// As many tokens as a text encoder takes at once: those of a prompt between begin, end and padding, each with its weight.
package struct PromptChunk: Sendable, Equatable {
  package private(set) var tokens: [TextToken] = []
  /// Those of begin, end and padding are 1.
  package private(set) var weights: [Double] = []
  /// How many of the tokens come before the padding.
  let contentCount: Int

  /// `content`, which must fit, in its frame.
  init(_ content: some Collection<WeightedToken>, _ frame: TokenFrame) {
    contentCount = content.count + frame.length - frame.room
    if let start = frame.start { add(.id(start)) }
    for token in content { add(token.token, weight: token.weight) }
    if let end = frame.end { add(.id(end)) }
    guard let padding = frame.padding else { return }
    while tokens.count < frame.filledLength { add(.id(padding)) }
  }

  /// Where the end token is.
  package var endIndex: Int { contentCount - 1 }

  /// The tokens' ids; vectors have none.
  var ids: [Int] { tokens.compactMap { if case .id(let id) = $0 { id } else { nil } } }

  private mutating func add(_ token: TextToken, weight: Double = 1) {
    tokens.append(token)
    weights.append(weight)
  }

  var hasWeights: Bool { weights.contains { $0 != 1 } }
}
