import Foundation

/// What a tokenizer's JSON files say beside its vocabulary: the special tokens and the longest text.
///
/// Precedence as transformers' from_pretrained: `special_tokens_map.json` over `tokenizer_config.json`, unless the
/// latter lists its tokens itself (`added_tokens_decoder`), over the defaults of the class.
struct TokenizerFiles {
  /// A token that is found in the text as it stands, before the text is cut into words.
  struct SpecialToken: Equatable {
    let content: String
    /// Whether it is looked for in the normalised text, so that case does not matter.
    let isNormalized: Bool
  }

  let start: String
  let end: String
  let unknown: String
  let padding: String
  /// Tokens per text, start, end and padding included; nil where the files set no bound.
  let maxLength: Int?
  /// All of them, in the order in which they get ids; of several with one content the last one counts.
  let specialTokens: [SpecialToken]

  /// Reads the files of `folder` that exist.
  ///
  /// Throws `ModelError` when one is malformed.
  init(folder: String) throws {
    let configPath = "\(folder)/tokenizer_config.json"
    let config = try Self.values(configPath)
    let listed = try Self.listedTokens(config["added_tokens_decoder"], configPath)
    let mapPath = "\(folder)/special_tokens_map.json"
    let map = listed.isEmpty ? try Self.values(mapPath) : [:]

    var named: [String: SpecialToken] = [:]
    for (path, values) in [(configPath, config), (mapPath, map)] {
      for key in Self.roles {
        if let value = values[key], let token = try Self.token(value, key, path) { named[key] = token }
      }
    }
    let defaults = ["bos_token": "<|startoftext|>"]
    for key in ["bos_token", "eos_token", "unk_token", "pad_token"] where named[key] == nil {
      named[key] = SpecialToken(content: defaults[key] ?? "<|endoftext|>", isNormalized: false)
    }
    let contents = named.mapValues(\.content)
    start = contents["bos_token", default: ""]
    end = contents["eos_token", default: ""]
    unknown = contents["unk_token", default: ""]
    padding = contents["pad_token", default: ""]

    let listedContents = Set(listed.map(\.content))
    let extra = try ["additional_special_tokens", "extra_special_tokens"].flatMap { key in
      guard case .array(let values) = map[key] ?? config[key] else { return [SpecialToken]() }
      return try values.compactMap { try Self.token($0, key, configPath) }
    }
    let unlisted = (Self.roles.compactMap { named[$0] } + extra).filter { !listedContents.contains($0.content) }
    specialTokens = listed + unlisted
    maxLength = try Self.maxLength(config["model_max_length"], configPath)
  }

  /// In the order in which transformers adds them.
  private static let roles = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  private static func values(_ path: String) throws -> [String: JSONValue] {
    FileManager.default.fileExists(atPath: path) ? try ConfigFile(path: path).values : [:]
  }

  private static func listedTokens(_ value: JSONValue?, _ path: String) throws -> [SpecialToken] {
    guard case .object(let tokens) = value else { return [] }
    return try tokens.compactMap { id, token in Int(id).map { ($0, token) } }.sorted { $0.0 < $1.0 }
      .compactMap { try Self.token($0.1, "added_tokens_decoder", path) }
  }

  /// A token is written as a string or as an object with `content`; null and "" are none.
  private static func token(_ value: JSONValue, _ key: String, _ path: String) throws -> SpecialToken? {
    switch value {
    case .null, .string(""): return nil
    case .string(let content): return SpecialToken(content: content, isNormalized: false)
    case .object(let fields):
      guard case .string(let content) = fields["content"] else { break }
      if fields["single_word"] == .bool(true) {
        throw ModelError("\(path): '\(key)' has a token with 'single_word', which is not supported")
      }
      if content.isEmpty { return nil }
      let isSpecial = key != "added_tokens_decoder" || fields["special"] == .bool(true)
      return SpecialToken(
        content: content, isNormalized: (fields["normalized"] ?? .bool(!isSpecial)) == .bool(true))
    default: break
    }
    throw ModelError("\(path): '\(key)' is \(value); a string or an object with a string 'content' was expected")
  }

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
