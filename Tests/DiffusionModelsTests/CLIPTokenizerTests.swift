import Foundation
import Testing

import DiffusionModels

@Suite("CLIP tokenizer")
struct CLIPTokenizerTests {
  private static let fixtures = "\(Fixture.folder)/tokenizer"

  /// One set of tokenizer files, and what transformers makes of texts with it.
  private struct FileSet: Decodable {
    let files: [String: JSONValue]
    let length: Int
    let padding: Int
    let cases: [Case]
  }

  private struct Case: Decodable {
    let text: String
    let ids: [Int]

    init(from decoder: any Decoder) throws {
      var row = try decoder.unkeyedContainer()
      text = try row.decode(String.self)
      ids = try row.decode([Int].self)
    }
  }

  /// A tokenizer folder with the published vocabulary, if it is not in `tokenizer.json`, and other files beside it.
  private func folder(_ files: [String: String]) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for name in ["vocab.json", "merges.txt"] where files[name] == nil && files["tokenizer.json"] == nil {
      try FileManager.default.createSymbolicLink(
        atPath: "\(path)/\(name)", withDestinationPath: "\(Self.fixtures)/clip/\(name)")
    }
    for (name, text) in files { try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8) }
    return path
  }

  private func tokenizer(_ files: [String: String] = [:]) throws -> CLIPTokenizer {
    let path = try folder(files)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try CLIPTokenizer(folder: path)
  }

  /// A `tokenizer.json` with the published vocabulary, its merges as today's files have them, or as texts.
  private func whole(_ more: [String: Any] = [:], mergesAreTexts: Bool = false) throws -> String {
    let vocabulary = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/clip/vocab.json")))
    let lines = try String(contentsOfFile: "\(Self.fixtures)/clip/merges.txt", encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#version") }
    let merges: [Any] = lines.map { line in
      mergesAreTexts ? String(line) as Any : line.split(separator: " ").map(String.init)
    }
    let model: [String: Any] = ["type": "BPE", "dropout": NSNull(), "vocab": vocabulary, "merges": merges]
    let file: [String: Any] = ["version": "1.0", "truncation": NSNull(), "model": model].merging(more) { $1 }
    return String(decoding: try JSONSerialization.data(withJSONObject: file), as: UTF8.self)
  }

  private func problem(_ files: [String: String]) throws -> String {
    let path = try folder(files)
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      _ = try CLIPTokenizer(folder: path)
      return "no error"
    } catch let error as ModelError {
      return error.message.replacing(path + "/", with: "")
    }
  }

  /// The table that is part of the program is the published one; OpenCLIP's text is padded with "!", token 0.
  @Test func theProgramsOwnGivesTheReferencesIDs() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/cases.json"))
    let set = try #require(try JSONDecoder().decode([String: FileSet].self, from: data)["none"])
    let (tokenizer, openCLIP) = (try CLIPTokenizer.clip(padsWithEnd: true), try CLIPTokenizer.clip(padsWithEnd: false))
    #expect(tokenizer.length == set.length && tokenizer.paddingID == set.padding && openCLIP.paddingID == 0)
    for text in set.cases {
      let expected = text.ids + Array(repeating: set.padding, count: set.length - text.ids.count)
      #expect(tokenizer.encode(text.text).ids == expected, "\(text.text)")
    }
    let red = tokenizer.contentIDs("a red apple")
    #expect(openCLIP.encode("a red apple").ids == [49406] + red + [49407] + Array(repeating: 0, count: 75 - red.count))
  }

  @Test(arguments: [
    "none", "sd1", "sd2", "listed", "extra", "added", "added special", "flags", "whole", "whole, listed",
  ])
  func idsOfTheReference(_ name: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/cases.json"))
    let raw = try #require(try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
    let set = try #require(try JSONDecoder().decode([String: FileSet].self, from: data)[name])
    let files = try #require(raw[name]?["files"] as? [String: Any])
    let tokenizer = try tokenizer(
      Dictionary(
        uniqueKeysWithValues: files.map { key, value in
          let text =
            try key == "tokenizer"
            ? whole(#require(value as? [String: Any]), mergesAreTexts: name == "whole")
            : String(decoding: JSONSerialization.data(withJSONObject: value), as: UTF8.self)
          return (key + ".json", text)
        }))
    #expect(tokenizer.length == set.length && tokenizer.paddingID == set.padding)
    var wrong: [String] = []
    for one in set.cases {
      let expected = one.ids + Array(repeating: set.padding, count: set.length - one.ids.count)
      let actual = tokenizer.encode(one.text).ids
      if actual != expected {
        wrong.append("\(one.text.unicodeScalars.map { String($0.value, radix: 16) }): \(actual), expected \(one.ids)")
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count) of \(set.cases.count) texts: \(wrong.prefix(5).joined(separator: "\n"))")
  }

  @Test func aPublishedExample() throws {
    let tokens = try CLIPTokenizer(folder: "\(Self.fixtures)/clip").encode(
      "a photo of an astronaut riding a horse on mars")
    #expect(tokens.ids.prefix(12) == [49406, 320, 1125, 539, 550, 18376, 6765, 320, 4558, 525, 7496, 49407])
    #expect(tokens.ids.count == 77 && tokens.count == 12 && tokens.ids[12...].allSatisfy { $0 == 49407 })
    #expect(tokens.cutText == nil)
  }

  @Test func tellsWhatWasCut() throws {
    let tokenizer = try tokenizer()
    let fits = tokenizer.encode(String(repeating: "cat ", count: 75))
    #expect(fits.count == 77 && fits.cutText == nil)
    let cut = tokenizer.encode(String(repeating: "cat ", count: 75) + "and a Dog's bone, déjà vu 😀<|endoftext|>")
    #expect(cut.ids == fits.ids)
    #expect(cut.cutText == "and a dog 's bone , déjà vu 😀 <|endoftext|>")
    let added = try self.tokenizer(["added_tokens.json": #"{"<toy>": 49408}"#])
    let toys = added.encode(String(repeating: "cat ", count: 75) + "<Toy> or <toy><toy> dog")
    #expect(toys.cutText == "<toy> or <toy> <toy> dog")
  }

  /// The file's ids count, as the embedding's rows are theirs; a piece of the vocabulary keeps its own.
  ///
  /// transformers 5.24 numbers added tokens one after another instead, which differs where the file leaves ids out.
  @Test func addedTokensHaveTheIdsOfTheFile() throws {
    let added = try tokenizer(["added_tokens.json": #"{"<b>": 49500, "<a>": 49410, "cat</w>": 49411}"#])
    #expect(added.contentIDs("<A>x<b> cat</w> cat") == [49410, 343, 49500, 2368, 2368])
    let named = try tokenizer([
      "added_tokens.json": #"{"<b>": 49500}"#, "special_tokens_map.json": #"{"pad_token": "<pad>"}"#,
    ])
    #expect(named.paddingID == 49501)
  }

  /// The vocabulary of tokenizer.json is the one that counts, also beside other files.
  @Test func oneFileForAll() throws {
    let text = "a photo of an astronaut riding a horse on mars <|endoftext|> Déjà-vu 😀"
    let plain = try tokenizer().encode(text)
    for mergesAreTexts in [false, true] {
      #expect(try tokenizer(["tokenizer.json": whole(mergesAreTexts: mergesAreTexts)]).encode(text) == plain)
    }
    let both = try tokenizer([
      "tokenizer.json": whole(), "vocab.json": #"{"a</w>": 0}"#, "merges.txt": "",
      "added_tokens.json": #"{"<mars>": 49408}"#,
    ])
    #expect(both.contentIDs("on <Mars>") == [525, 49408])
  }

  @Test func namesTheFilesThatItReads() throws {
    let path = try folder(["tokenizer.json": "{}", "added_tokens.json": "{}"])
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(CLIPTokenizer.files(of: path) == ["\(path)/tokenizer.json", "\(path)/added_tokens.json"])
    #expect(CLIPTokenizer.files(of: "/no/such") == ["/no/such/vocab.json", "/no/such/merges.txt"])
  }

  /// A prompt of many marks or letters without spaces: in quadratic time this would take minutes.
  @Test func longWords() throws {
    let tokenizer = try tokenizer()
    #expect(tokenizer.encode(String(repeating: "ab", count: 100_000)).count == 77)
    #expect(tokenizer.encode("a" + String(repeating: "\u{301}\u{323}", count: 100_000)).count == 77)
  }

  @Test func malformedFiles() throws {
    #expect(
      try problem(["vocab.json": "[]"])
        == "vocab.json: malformed vocabulary, an object of tokens and ids was expected: expected an object (byte 0 of the JSON)"
    )
    #expect(try problem(["vocab.json": "{}"]) == "vocab.json: the vocabulary is empty")
    #expect(
      try problem(["vocab.json": #"{"a":-1}"#]).hasSuffix("expected a whole number of 0 or more (byte 5 of the JSON)"))
    #expect(try problem(["vocab.json": #"{"a":99999999999}"#]) == "vocab.json: the id 99999999999 of 'a' is too large")
    #expect(
      try problem(["merges.txt": "#version: 0.2\na b c\n"])
        == "merges.txt:2: two symbols with a space between them were expected")
    #expect(try problem(["merges.txt": "a 𝕏\n"]) == "merges.txt:1: the vocabulary has no '𝕏'")
    #expect(try problem(["tokenizer_config.json": "{"]) == "tokenizer_config.json: is not valid JSON")
    #expect(
      try problem(["tokenizer_config.json": #"{"pad_token": 3}"#])
        == "tokenizer_config.json: 'pad_token' is 3; a string or an object with a string 'content' was expected")
    #expect(
      try problem(["tokenizer_config.json": #"{"model_max_length": 1}"#])
        == "tokenizer_config.json: 'model_max_length' is 1; a whole number of 2 or more was expected")
    #expect(
      try problem(["added_tokens.json": #"{"a": "b"}"#]).hasSuffix("the id of a token, a whole number, was expected"))
    #expect(
      try problem(["tokenizer_config.json": #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#])
        == "tokenizer_config.json: 'added_tokens_decoder' has the id 'x'; a whole number was expected")
    #expect(
      try problem(["tokenizer_config.json": #"{"added_tokens_decoder": {"1": {"content": "a", "lstrip": 1}}}"#])
        == "tokenizer_config.json: 'added_tokens_decoder' has a token whose 'lstrip' is 1; true or false was expected")
    let whole = { (text: String) in try problem(["tokenizer.json": text]) }
    #expect(try whole("{}") == "tokenizer.json: the vocabulary is empty")
    #expect(
      try whole(#"{"model":{"type":"Unigram"}}"#)
        == "tokenizer.json: malformed tokenizer: the model is 'Unigram'; 'BPE', byte-pair encoding, was expected")
    #expect(
      try whole(#"{"model":{"vocab":{"a":0},"merges":[["a","b","c"]]}}"#)
        == "tokenizer.json: malformed tokenizer: merge 1: two symbols were expected (byte 49 of the JSON)")
    let model = #"{"model":{"vocab":{"a":0}"#
    #expect(try whole(model + #","merges":["a b"]}}"#) == "tokenizer.json: merge 1: the vocabulary has no 'b'")
    #expect(try whole(model + #"},"added_tokens":[{"content":"b"}]}"#).contains("an added token without an id"))
    #expect(throws: ModelError("/no/such/vocab.json: cannot be read")) { try CLIPTokenizer(folder: "/no/such") }
  }
}
