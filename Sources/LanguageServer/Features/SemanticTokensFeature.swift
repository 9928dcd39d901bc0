import GraphEngine

/// What words mean, for colours.
enum SemanticTokenKind: Int, CaseIterable {
  case keyword, type, property, parameter, variable

  static let legend = SemanticTokenLegend(
    tokenTypes: allCases.map { "\($0)" }, tokenModifiers: ["declaration"])

  init?(_ meaning: Meaning) {
    switch meaning {
    case .key, .word: self = .keyword
    case .nodeType, .wireType: self = .type
    case .port, .parameter, .output, .result: self = .property
    case .input, .param, .index: self = .parameter
    case .member: self = .variable
    case .literal, .file: return nil
    }
  }
}

extension LanguageServer {
  func semanticTokens(_ params: DocumentOnly) -> SemanticTokens? {
    guard let (_, inspection) = workflow(params.textDocument.uri) else { return nil }
    struct Token {
      let range: TextRange
      let kind: SemanticTokenKind
      let isDefinition: Bool
    }
    var tokens: [Token] = inspection.marks.compactMap { mark in
      guard let kind = SemanticTokenKind(mark.meaning), !mark.text.isEmpty, let range = mark.range else { return nil }
      return Token(range: range, kind: kind, isDefinition: mark.isDefinition)
    }
    tokens.sort { ($0.range.start, $0.kind.rawValue) < ($1.range.start, $1.kind.rawValue) }
    var data: [Int] = []
    data.reserveCapacity(tokens.count * 5)
    var last = Position(line: 0, character: 0)
    var end = last
    for token in tokens where token.range.start >= end || data.isEmpty {
      let start = token.range.start
      data += [
        start.line - last.line, start.line == last.line ? start.character - last.character : start.character,
        token.range.end.character - start.character, token.kind.rawValue, token.isDefinition ? 1 : 0,
      ]
      (last, end) = (start, token.range.end)
    }
    return SemanticTokens(data: data)
  }
}
