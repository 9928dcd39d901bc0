/// Reads prompts as ComfyUI does: `(x)` is 1.1 times what is around it, `(x:1.3)` is 1.3 whatever is around it, and `\(`
/// and `\)` are letters.
///
/// An opening bracket that nothing closes makes no group, and after a closing one too many single brackets make none.
/// Source: `token_weights` of ComfyUI's `sd1_clip.py`, and prompts recorded from ComfyUI 0.8.0.
enum ComfyUIPrompt {
  /// A character, or a bracket that was written as `\(` or `\)` and is a letter therefore.
  private struct Symbol {
    let scalar: Unicode.Scalar
    let isEscaped: Bool

    func `is`(_ bracket: Unicode.Scalar) -> Bool { scalar == bracket && !isEscaped }
  }

  /// The pieces of a prompt in order, each to be tokenised apart.
  ///
  /// Throws `ModelError` for brackets nested deeper than `PromptSyntax.deepestNesting`.
  static func pieces(_ text: String) throws -> [WeightedText] {
    var pieces: [WeightedText] = []
    try append(symbols(text)[...], weight: 1, depth: 0, to: &pieces)
    return pieces
  }

  /// The text with `\(` and `\)` as the brackets that they stand for, where others are letters too.
  static func unescaped(_ text: String) -> String {
    String(String.UnicodeScalarView(symbols(text).map(\.scalar)))
  }

  private static func symbols(_ text: String) -> [Symbol] {
    var symbols: [Symbol] = []
    for scalar in text.unicodeScalars {
      if scalar == "(" || scalar == ")", let last = symbols.last, last.is("\\") {
        symbols[symbols.count - 1] = Symbol(scalar: scalar, isEscaped: true)
      } else {
        symbols.append(Symbol(scalar: scalar, isEscaped: false))
      }
    }
    return symbols
  }

  private static func append(
    _ symbols: ArraySlice<Symbol>, weight: Double, depth: Int, to pieces: inout [WeightedText]
  ) throws {
    guard depth <= PromptSyntax.deepestNesting else {
      throw ModelError("brackets are nested more than \(PromptSyntax.deepestNesting) deep")
    }
    for part in parts(symbols) {
      guard part.count >= 2, let first = part.first, let last = part.last, first.is("("), last.is(")") else {
        pieces.append(WeightedText(string(part), weight: weight))
        continue
      }
      var inner = part.dropFirst().dropLast()
      var innerWeight = weight * PromptSyntax.emphasis
      if let colon = inner.lastIndex(where: { $0.is(":") }), colon > inner.startIndex,
        let number = number(string(inner[(colon + 1)...]))
      {
        innerWeight = number
        inner = inner[..<colon]
      }
      try append(inner, weight: innerWeight, depth: depth + 1, to: &pieces)
    }
  }

  /// Cuts before each outermost opening bracket and after the one that closes it.
  private static func parts(_ symbols: ArraySlice<Symbol>) -> [ArraySlice<Symbol>] {
    var parts: [ArraySlice<Symbol>] = []
    var start = symbols.startIndex
    var level = 0
    func cut(at end: Int) {
      if start < end { parts.append(symbols[start..<end]) }
      start = end
    }
    for index in symbols.indices {
      if symbols[index].is("(") {
        if level == 0 { cut(at: index) }
        level += 1
      } else if symbols[index].is(")") {
        level -= 1
        if level == 0 { cut(at: index + 1) }
      }
    }
    cut(at: symbols.endIndex)
    return parts
  }

  private static func string(_ symbols: ArraySlice<Symbol>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: symbols.lazy.map(\.scalar))
    return String(text)
  }

  /// A number in decimal digits, white space around it allowed; nil for anything else.
  private static func number(_ text: String) -> Double? {
    let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
    let digits = text.unicodeScalars.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    guard digits.allSatisfy({ "0"..."9" ~= $0 || ".eE+-".unicodeScalars.contains($0) }) else { return nil }
    return Double(String(String.UnicodeScalarView(digits)))
  }
}
