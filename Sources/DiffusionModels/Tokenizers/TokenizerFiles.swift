import Foundation

/// What a tokenizer's JSON files say beside its vocabulary: the tokens added to it and the longest text.
///
/// Precedence as transformers' from_pretrained: the `added_tokens_decoder` of `tokenizer_config.json`, or else
/// `added_tokens.json` and the `added_tokens` of `tokenizer.json`, with `special_tokens_map.json` over
/// `tokenizer_config.json` for the roles of tokens, over the defaults of the class.
struct TokenizerFiles {
  let roles: TokenRoles
  /// Tokens per text, start, end and padding included; nil where the files set no bound.
  let maxLength: Int?
  /// All of them; those without an id get the next ones, in this order.
  let addedTokens: [AddedToken]
  /// Whether texts are filled up in front.
  let padsLeft: Bool

  /// The files of `folder` that are read where they exist, beside the vocabulary.
  static let names = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]

  /// CLIP's own, padded with the end of the text or with "!".
  init(padsWithEnd: Bool) {
    var roles = CLIPTokenizer.roles
    if !padsWithEnd { roles.padding = "!" }
    self.init(roles: roles, maxLength: 77)
  }

  /// Those of a tokenizer without files: the tokens that have a role, and `others`.
  init(roles: TokenRoles, maxLength: Int? = nil, others: [AddedToken] = []) {
    (self.roles, self.maxLength, padsLeft) = (roles, maxLength, false)
    addedTokens =
      others + [roles.start, roles.end, roles.unknown, roles.padding].compactMap { $0.map { AddedToken($0) } }
  }

  /// Reads the files of `folder`; `listed` are the `added_tokens` of its `tokenizer.json`, `defaults` are the class's.
  ///
  /// Throws `ModelError` when one is malformed.
  init(folder: String, listed: [AddedToken], defaults: TokenRoles) throws {
    let paths = Self.names.map { "\(folder)/\($0)" }
    let config = try Self.values(paths[0])
    let decoder = try Self.decodedTokens(config["added_tokens_decoder"], paths[0])
    let map = decoder == nil ? try Self.values(paths[1]) : [:]

    var named: [String: AddedToken] = [:]
    for (path, values) in [(paths[0], config), (paths[1], map)] {
      for key in Self.roleKeys {
        if let value = values[key], let token = try AddedToken(value, key: key, path: path) { named[key] = token }
      }
    }
    // transformers does not count the map's 'additional_special_tokens' here.
    let counted = map.filter { $0.key != "additional_special_tokens" }
    let special = try Set(
      (Array(named.values) + Self.extraTokens(config.merging(counted) { $1 }, paths[0])).map(\.content))
    for (key, content) in defaults.byKey where named[key] == nil { named[key] = AddedToken(content) }
    roles = TokenRoles(byKey: named.mapValues(\.content))

    let extra = try Self.extraTokens(config.merging(map) { $1 }, paths[0])
    // Of one id, the last that is read counts.
    var known: [Int: AddedToken] = [:]
    for token in try decoder ?? Self.addedTokens(paths[2], special: special) + listed {
      if let id = token.id { known[id] = token }
    }
    let numbered = known.sorted { $0.key < $1.key }.map(\.value)
    let numberedContents = Set(numbered.map(\.content))
    let others = (Self.roleKeys.compactMap { named[$0] } + extra).filter { !numberedContents.contains($0.content) }
    addedTokens = numbered + others
    maxLength = try Self.maxLength(config["model_max_length"], paths[0])
    padsLeft = try Self.isLeft(config["padding_side"], "padding_side", paths[0])
    if try Self.isLeft(config["truncation_side"], "truncation_side", paths[0]) {
      throw ModelError("\(paths[0]): 'truncation_side' is left; right was expected, where texts are cut")
    }
  }

  private static func isLeft(_ value: JSONValue?, _ key: String, _ path: String) throws -> Bool {
    switch value {
    case nil, .null, .string("right"): return false
    case .string("left"): return true
    case let value?: throw ModelError("\(path): '\(key)' is \(value); left or right was expected")
    }
  }

  /// The same of a tokenizer whose texts are filled up.
  ///
  /// Throws `ModelError` where it would be in front: no published text encoder was trained so.
  func fillingUpBehind(_ folder: String) throws -> TokenizerFiles {
    guard padsLeft else { return self }
    throw ModelError(
      "\(folder)/\(Self.names[0]): 'padding_side' is left; right was expected, where texts are filled up")
  }

  /// In the order in which transformers adds them.
  private static let roleKeys = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// Special tokens without a role of the class's: lists of them, and whatever else is called a token.
  private static func extraTokens(_ values: [String: JSONValue], _ path: String) throws -> [AddedToken] {
    let named = values.filter { key, value in
      if case .string = value { key.hasSuffix("_token") && !roleKeys.contains(key) } else { false }
    }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    let listed = ["additional_special_tokens", "extra_special_tokens"].flatMap { key in
      switch values[key] {
      case .array(let elements): elements.map { (key, $0) }
      case .object(let members): members.sorted { $0.key < $1.key }.map { (key, $0.value) }
      default: [(String, JSONValue)]()
      }
    }
    return try (named + listed).compactMap { try AddedToken($1, key: $0, path: path) }
  }

  private static func values(_ path: String) throws -> [String: JSONValue] {
    FileManager.default.fileExists(atPath: path) ? try ConfigFile(path: path).values : [:]
  }

  /// The tokens that a config lists by their ids; nil without a list.
  private static func decodedTokens(_ value: JSONValue?, _ path: String) throws -> [AddedToken]? {
    guard case .object(let tokens) = value else { return nil }
    return try tokens.compactMap { number, token in
      guard let id = Int(number), idRange.contains(id) else {
        throw ModelError("\(path): 'added_tokens_decoder' has the id '\(number)'; a whole number was expected")
      }
      return try AddedToken(token, id: id, isSpecial: false, key: "added_tokens_decoder", path: path)
    }
  }

  /// The tokens of `added_tokens.json`, by their contents.
  private static func addedTokens(_ path: String, special: Set<String>) throws -> [AddedToken] {
    try values(path).map { content, id in
      guard case .int(let id) = id, idRange.contains(id), !content.isEmpty else {
        throw ModelError("\(path): '\(content)' is \(id); the id of a token, a whole number, was expected")
      }
      return AddedToken(content, id: id, isNormalized: !special.contains(content))
    }
  }

  private static let idRange = 0...Int(Int32.max)

  /// Huge numbers are how the format writes that there is no bound.
  private static func maxLength(_ value: JSONValue?, _ path: String) throws -> Int? {
    switch value {
    case nil, .null: return nil
    case .float(let number) where number > 1e9: return nil
    case .int(let number) where number > 1 << 20: return nil
    case .int(let number) where number >= 2: return number
    case let value?:
      throw ModelError("\(path): 'model_max_length' is \(value); a whole number of 2 or more was expected")
    }
  }
}

/// The tokens that have a part to play, by what they are called; nil where a tokenizer has none.
struct TokenRoles: Sendable {
  var start, end, unknown, padding: String?

  init(start: String? = nil, end: String? = nil, unknown: String? = nil, padding: String? = nil) {
    (self.start, self.end, self.unknown, self.padding) = (start, end, unknown, padding)
  }

  init(byKey contents: [String: String]) {
    self.init(
      start: contents["bos_token"], end: contents["eos_token"], unknown: contents["unk_token"],
      padding: contents["pad_token"])
  }

  /// Under the keys of tokenizer_config.json.
  var byKey: [String: String] {
    ["bos_token": start, "eos_token": end, "unk_token": unknown, "pad_token": padding].compactMapValues { $0 }
  }
}
