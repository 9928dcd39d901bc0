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

/// As many tokens as a text encoder takes at once: begin, up to 75 of a prompt, end and padding, each with its weight.
package struct PromptChunk: Sendable, Equatable {
  package private(set) var tokens: [TextToken] = []
  /// Those of begin, end and padding are 1.
  package private(set) var weights: [Double] = []
  /// Where the end token is.
  package let endIndex: Int

  /// `content`, which must fit, between begin, end and padding of `tokenizer`.
  init(_ content: some Collection<WeightedToken>, _ tokenizer: CLIPTokenizer) {
    endIndex = content.count + 1
    add(.id(tokenizer.startID))
    for token in content { add(token.token, weight: token.weight) }
    add(.id(tokenizer.endID))
    while tokens.count < tokenizer.length { add(.id(tokenizer.paddingID)) }
  }

  private mutating func add(_ token: TextToken, weight: Double = 1) {
    tokens.append(token)
    weights.append(weight)
  }

  var hasWeights: Bool { weights.contains { $0 != 1 } }
}
