import Foundation

/// What a request is known by.
package enum RequestID: Codable, Hashable, Sendable {
  case number(Int)
  case text(String)

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      self = .number(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    }
  }
}

/// What every message has: a request has an id and a method, a notification a method, an answer an id.
struct MessageHead: Decodable {
  let id: RequestID?
  let method: String?
}

/// The part of a message that its method says the form of.
struct MessageParameters<Value: Decodable>: Decodable { let params: Value }

struct OutgoingResult<Value: Encodable>: Encodable {
  let jsonrpc = "2.0"
  let id: RequestID
  /// Nil is written as null, which every answer without a result has.
  let result: Value?

  private enum Key: CodingKey { case jsonrpc, id, result }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(jsonrpc, forKey: .jsonrpc)
    try container.encode(id, forKey: .id)
    try container.encode(result, forKey: .result)
  }
}

struct OutgoingError: Encodable {
  let jsonrpc = "2.0"
  let id: RequestID?
  let error: ResponseError

  private enum Key: CodingKey { case jsonrpc, id, error }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(jsonrpc, forKey: .jsonrpc)
    try container.encode(id, forKey: .id)
    try container.encode(error, forKey: .error)
  }
}

struct OutgoingNotification<Value: Encodable>: Encodable {
  let jsonrpc = "2.0"
  let method: String
  let params: Value
}

struct OutgoingRequest<Value: Encodable>: Encodable {
  let jsonrpc = "2.0"
  let id: RequestID
  let method: String
  let params: Value?
}

/// Why a request has no result.
struct ResponseError: Error, Encodable {
  let code: Int
  let message: String

  static func parse(_ message: String) -> ResponseError { ResponseError(code: -32700, message: message) }
  static func invalidRequest(_ message: String) -> ResponseError { ResponseError(code: -32600, message: message) }
  static func unknownMethod(_ method: String) -> ResponseError {
    ResponseError(code: -32601, message: "there is no method '\(method)'")
  }
  static func invalidParameters(_ message: String) -> ResponseError { ResponseError(code: -32602, message: message) }
  static let notInitialized = ResponseError(code: -32002, message: "'initialize' comes first")
  static let cancelled = ResponseError(code: -32800, message: "cancelled")
  /// The request was understood and cannot be done.
  static func failed(_ message: String) -> ResponseError { ResponseError(code: -32803, message: message) }
}

/// Any JSON value, for what a client sends and gets back as it was.
package enum JSONValue: Codable, Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .bool(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let items = try? container.decode([JSONValue].self) {
      self = .list(items)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let flag): try container.encode(flag)
    case .number(let number):
      if let whole = Int(exactly: number) { try container.encode(whole) } else { try container.encode(number) }
    case .text(let text): try container.encode(text)
    case .list(let items): try container.encode(items)
    case .object(let members): try container.encode(members)
    }
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }
}
