/// Reads prompts as AUTOMATIC1111's web UI does: `(x)` multiplies by 1.1, `[x]` divides by it, `(x:1.3)` multiplies by 1.3,
/// a backslash makes a bracket a letter, and `BREAK` begins a new chunk.
///
/// Brackets that nothing closes reach to the end. Of what belongs to the web UI's sampling rather than to the text, prompt
/// editing (`[a:b:0.5]`, `[a|b]`) and `AND` stay in the text, `<lora:name:1>` is taken out of it, and all are reported.
/// Unlike there, `BREAK` between brackets breaks too, and is no word of weight -1.1.
/// Source: `parse_prompt_attention` of the web UI's `prompt_parser.py`, and its page "Features".
struct A1111Prompt {
  enum Segment: Equatable {
    case text(WeightedText)
    case chunkBreak
  }

  /// In order; neighbouring texts of one weight are one, as they are tokenised together.
  private(set) var segments: [Segment] = []
  /// What of the text means something in the web UI that is not done here, one sentence each.
  private(set) var remarks: [String] = []

  private var openRound: [Int] = []
  private var openSquare: [Int] = []
  private var hasEdits = false

  /// Throws `ModelError` for brackets nested deeper than `PromptSyntax.deepestNesting`.
  init(_ text: String) throws {
    let (text, networks) = Self.withoutNetworks(Array(text.unicodeScalars))
    if !networks.isEmpty {
      remarks.append("'\(networks[0])' was left out: the node ApplyLoRA applies a LoRA")
    }
    if Self.splits(text, at: "AND").count > 1 {
      remarks.append(
        "'AND' is a word like others here: ConditioningMix with 'mode: combine' averages the predictions of prompts")
    }
    try read(text)
    for start in openRound { multiply(from: start, by: PromptSyntax.emphasis) }
    for start in openSquare { multiply(from: start, by: 1 / PromptSyntax.emphasis) }
    if segments.isEmpty { append("") }
    mergeEqualWeights()
  }

  // MARK: - Reading

  private mutating func read(_ text: [Unicode.Scalar]) throws {
    var position = 0
    while position < text.count {
      let scalar = text[position]
      var end = position + 1
      switch scalar {
      case "\\":
        // Before anything else it is dropped.
        let next = text[end...].first
        if let next, "()[]\\".unicodeScalars.contains(next) { end += 1 }
        append(String(String.UnicodeScalarView(text[position + 1..<end])))
      case "(": openRound.append(segments.count)
      case "[": openSquare.append(segments.count)
      case ")" where !openRound.isEmpty: multiply(from: openRound.removeLast(), by: PromptSyntax.emphasis)
      case "]" where !openSquare.isEmpty: closeSquare()
      case ":":
        if let weight = Self.weight(text[end...]) {
          end = weight.end
          if openRound.isEmpty {
            append(String(String.UnicodeScalarView(text[position..<end])))
          } else {
            multiply(from: openRound.removeLast(), by: weight.value)
          }
        } else {
          append(":")
        }
      case ")", "]": append(String(scalar))
      default:
        end = text[position...].firstIndex { "\\()[]:".unicodeScalars.contains($0) } ?? text.count
        appendBroken(text[position..<end])
      }
      position = end
      guard max(openRound.count, openSquare.count) <= PromptSyntax.deepestNesting else {
        throw ModelError("brackets are nested more than \(PromptSyntax.deepestNesting) deep")
      }
    }
  }

  /// The number in `1.2)` or ` 1.2 )`, and where it ends.
  private static func weight(_ rest: ArraySlice<Unicode.Scalar>) -> (value: Double, end: Int)? {
    let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
    let number = rest.drop(while: isSpace)
    let digits = number.dropFirst(number.first == "+" || number.first == "-" ? 1 : 0)
    let after = digits.drop { "0"..."9" ~= $0 || $0 == "." }
    let closing = after.drop(while: isSpace)
    guard closing.first == ")", after.startIndex > digits.startIndex,
      let value = Double(String(String.UnicodeScalarView(number[..<after.startIndex])))
    else { return nil }
    return (value, closing.startIndex + 1)
  }

  private mutating func closeSquare() {
    let start = openSquare.removeLast()
    let inner = segments[start...].map { if case .text(let piece) = $0 { piece.text } else { "" } }.joined()
    let isEdited =
      inner.contains("|")
      || inner.split(separator: ":", omittingEmptySubsequences: false).dropFirst().last
        .map { Double($0.filter { !$0.isWhitespace }) != nil } ?? false
    if isEdited, !hasEdits {
      hasEdits = true
      remarks.append(
        "'[\(inner)]' is read as a weakened text: a prompt that changes on the way is two TextEncode nodes, wired to "
          + "different steps")
    }
    multiply(from: start, by: 1 / PromptSyntax.emphasis)
  }

  /// `<lora:name:1>` and its like, which the web UI takes out of a prompt before it reads it.
  private static func withoutNetworks(_ text: [Unicode.Scalar]) -> (text: [Unicode.Scalar], networks: [String]) {
    let lastClosing = text.lastIndex(of: ">") ?? 0
    var (kept, networks): ([Unicode.Scalar], [String]) = ([], [])
    var position = 0
    while position < text.count {
      let kind: ArraySlice = text[position] == "<" ? text[(position + 1)...].prefix(while: isWordCharacter) : []
      if !kind.isEmpty, text[kind.endIndex...].first == ":", kind.endIndex + 1 < lastClosing,
        let end = text[(kind.endIndex + 1)...].firstIndex(of: ">"), end > kind.endIndex + 1
      {
        networks.append(String(String.UnicodeScalarView(text[position...end])))
        position = end + 1
      } else {
        kept.append(text[position])
        position += 1
      }
    }
    return (kept, networks)
  }

  // MARK: - Segments

  private mutating func append(_ text: String) { segments.append(.text(WeightedText(text))) }

  private mutating func appendBroken(_ text: ArraySlice<Unicode.Scalar>) {
    for (index, part) in Self.splits(Array(text), at: "BREAK").enumerated() {
      if index > 0 { segments.append(.chunkBreak) }
      append(String(String.UnicodeScalarView(part)))
    }
  }

  /// Cuts at a whole word, white space around it being part of it.
  private static func splits(_ text: [Unicode.Scalar], at word: String) -> [[Unicode.Scalar]] {
    let word = Array(word.unicodeScalars)
    var (parts, start, position): ([[Unicode.Scalar]], Int, Int) = ([], 0, 0)
    while position < text.count {
      let end = position + word.count
      guard text[position...].starts(with: word), position == 0 || !isWordCharacter(text[position - 1]),
        end == text.count || !isWordCharacter(text[end])
      else {
        position += 1
        continue
      }
      let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
      let before = text[start..<position]
      parts.append(Array(before.prefix(before.count - before.reversed().prefix(while: isSpace).count)))
      position = end + text[end...].prefix(while: isSpace).count
      start = position
    }
    return parts + [Array(text[start...])]
  }

  private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
      .letterNumber, .otherNumber:
      true
    default: scalar == "_"
    }
  }

  private mutating func multiply(from start: Int, by factor: Double) {
    for index in segments.indices[start...] {
      guard case .text(var piece) = segments[index] else { continue }
      piece.weight *= factor
      segments[index] = .text(piece)
    }
  }

  private mutating func mergeEqualWeights() {
    var merged: [Segment] = []
    for segment in segments {
      if case .text(let piece) = segment, case .text(var before)? = merged.last, before.weight == piece.weight {
        before.text += piece.text
        merged[merged.count - 1] = .text(before)
      } else {
        merged.append(segment)
      }
    }
    segments = merged
  }
}
