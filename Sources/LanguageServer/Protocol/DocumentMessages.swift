struct OpenParameters: Decodable {
  struct Document: Decodable {
    let uri: String
    let languageId: String
    let version: Int
    let text: String
  }
  let textDocument: Document
}

struct ChangeParameters: Decodable {
  struct Document: Decodable {
    let uri: String
    let version: Int?
  }
  struct Change: Decodable {
    /// Nil: the text is the whole document.
    let range: TextRange?
    let text: String
  }
  let textDocument: Document
  let contentChanges: [Change]
}

struct PublishedDiagnostics: Encodable {
  let uri: String
  let version: Int?
  let diagnostics: [ProtocolDiagnostic]
}

struct ProtocolDiagnostic: Codable, Hashable {
  struct Related: Codable, Hashable {
    let location: Place
    let message: String
  }

  let range: TextRange
  /// 1: an error, 2: a warning.
  let severity: Int?
  let source: String?
  let message: String
  let relatedInformation: [Related]?
}

struct CodeActionParameters: Decodable {
  let textDocument: DocumentName
  let range: TextRange
}

struct CodeAction: Encodable {
  let title: String
  let kind: String
  let diagnostics: [ProtocolDiagnostic]
  let edit: WorkspaceEdit
  let isPreferred: Bool
}

struct RenameParameters: Decodable {
  let textDocument: DocumentName
  let position: Position
  let newName: String
}

struct RenamePlace: Encodable {
  let range: TextRange
  let placeholder: String
}

struct ReferenceParameters: Decodable {
  struct Context: Decodable { let includeDeclaration: Bool }
  let textDocument: DocumentName
  let position: Position
  let context: Context
}

struct RangeParameters: Decodable {
  let textDocument: DocumentName
  let range: TextRange
}

struct MarkupContent: Encodable {
  let kind = "markdown"
  let value: String
}

struct HoverResult: Encodable {
  let contents: MarkupContent
  let range: TextRange
}

struct CompletionList: Encodable {
  let isIncomplete: Bool
  let items: [CompletionItem]
}

struct CompletionItem: Encodable {
  let label: String
  let kind: Int
  var detail: String?
  var documentation: MarkupContent?
  var sortText: String?
  var filterText: String?
  /// 2: a snippet.
  var insertTextFormat: Int?
  /// 2: further lines are indented as the first.
  var insertTextMode: Int?
  let textEdit: TextEdit
  var command: ServerCommand?
}

struct ServerCommand: Encodable {
  let title: String
  let command: String
  let arguments: [JSONValue]
}

struct CommandParameters: Decodable {
  let command: String
  let arguments: [JSONValue]?
}

struct DocumentHighlight: Encodable {
  let range: TextRange
  /// 2: read, 3: written.
  let kind: Int
}

struct DocumentSymbol: Encodable {
  let name: String
  let detail: String
  let kind: Int
  let range: TextRange
  let selectionRange: TextRange
  let children: [DocumentSymbol]
}

struct FoldingRange: Encodable {
  let startLine: Int
  let endLine: Int
  let kind: String?
}

struct SemanticTokens: Encodable { let data: [Int] }

struct InlayHint: Encodable {
  let position: Position
  let label: String
  let paddingLeft = true
  let tooltip: String?
}

struct CodeLens: Encodable {
  let range: TextRange
  let command: ServerCommand
}

struct ShownMessage: Encodable {
  /// 1: an error, 2: a warning, 3: information.
  let type: Int
  let message: String
}
