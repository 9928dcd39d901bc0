/// The first request: who the client is and what it can do, as far as the server asks.
struct InitializeParameters: Decodable {
  struct Folder: Decodable { let uri: String }

  struct Capabilities: Decodable {
    struct TextDocument: Decodable {
      struct Completion: Decodable {
        struct Item: Decodable { let snippetSupport: Bool? }
        let completionItem: Item?
      }
      let completion: Completion?
    }

    struct Workspace: Decodable {
      struct Refresh: Decodable { let refreshSupport: Bool? }
      struct Watching: Decodable { let dynamicRegistration: Bool? }
      let codeLens: Refresh?
      let didChangeWatchedFiles: Watching?
    }

    let textDocument: TextDocument?
    let workspace: Workspace?
  }

  let rootUri: String?
  let workspaceFolders: [Folder]?
  let capabilities: Capabilities?
}

struct InitializeResult: Encodable {
  struct Server: Encodable {
    let name: String
    let version: String
  }

  let capabilities: ServerCapabilities
  let serverInfo: Server
}

struct ServerCapabilities: Encodable {
  struct Synchronization: Encodable {
    let openClose = true
    /// Changes come as edits.
    let change = 2
    let save = true
  }

  struct Completion: Encodable { let triggerCharacters = [" ", ".", ":", "(", "$", "/", "<", "{", "["] }
  struct Rename: Encodable { let prepareProvider = true }
  struct Actions: Encodable { let codeActionKinds = ["quickfix"] }
  struct Lenses: Encodable { let resolveProvider = false }
  struct Commands: Encodable { let commands: [String] }

  struct Tokens: Encodable {
    let legend: SemanticTokenLegend
    let full = true
  }

  let positionEncoding = "utf-16"
  let textDocumentSync = Synchronization()
  let completionProvider = Completion()
  let hoverProvider = true
  let definitionProvider = true
  let referencesProvider = true
  let documentHighlightProvider = true
  let renameProvider = Rename()
  let codeActionProvider = Actions()
  let documentSymbolProvider = true
  let foldingRangeProvider = true
  let semanticTokensProvider: Tokens
  let inlayHintProvider = true
  let codeLensProvider: Lenses?
  let executeCommandProvider: Commands?
  let documentFormattingProvider: Bool
}

struct SemanticTokenLegend: Encodable {
  let tokenTypes: [String]
  let tokenModifiers: [String]
}

struct WatcherRegistrations: Encodable {
  struct Registration: Encodable {
    struct Options: Encodable {
      struct Watcher: Encodable { let globPattern: String }
      let watchers: [Watcher]
    }
    let id: String
    let method: String
    let registerOptions: Options
  }
  let registrations: [Registration]
}
