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

  /// A tokenizer folder with the published vocabulary and other files beside it.
  private func folder(_ files: [String: String]) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("stepgraph-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for name in ["vocab.json", "merges.txt"] where files[name] == nil {
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

  @Test(arguments: ["none", "sd1", "sd2", "listed", "extra"])
  func idsOfTheReference(_ name: String) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/cases.json"))
    let raw = try #require(try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
    let set = try #require(try JSONDecoder().decode([String: FileSet].self, from: data)[name])
    let files = try #require(raw[name]?["files"] as? [String: Any])
    let tokenizer = try tokenizer(
      Dictionary(
        uniqueKeysWithValues: files.map { key, value in
          (key + ".json", String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self))
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
    #expect(throws: ModelError("/no/such/vocab.json: cannot be read")) { try CLIPTokenizer(folder: "/no/such") }
  }
}
