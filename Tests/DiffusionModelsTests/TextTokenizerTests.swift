import Foundation
import Testing

import DiffusionModels

/// T5's and Qwen's tokenizers against transformers', on texts of many scripts.
@Suite("Tokenizers of T5 and Qwen")
struct TextTokenizerTests {
  private struct Case: Decodable {
    let text: String
    let ids: [Int]

    init(from decoder: any Decoder) throws {
      var row = try decoder.unkeyedContainer()
      text = try row.decode(String.self)
      ids = try row.decode([Int].self)
    }
  }

  private static func cases(_ path: String) throws -> [Case] {
    try JSONDecoder().decode([Case].self, from: Data(contentsOf: URL(filePath: path)))
  }

  func check(_ path: String, _ ids: (String) -> [Int]) throws {
    let cases = try Self.cases(path)
    #expect(cases.count > 400)
    var different = 0
    for text in cases {
      let found = ids(text.text)
      if found != text.ids {
        different += 1
        if different < 20 { Issue.record("\(text.text.debugDescription): \(found), expected \(text.ids)") }
      }
    }
    #expect(different == 0)
  }

  @Test(arguments: ["text-encoders/t5-cases.json"])
  func t5GivesTheReferencesIDs(_ file: String) throws {
    let tokenizer = try T5Tokenizer.t5()
    try check("\(Fixture.folder)/\(file)") { tokenizer.contentIDs($0) + [tokenizer.endID] }
  }

  @Test(arguments: ["text-encoders/qwen-cases.json"])
  func qwenGivesTheReferencesIDs(_ file: String) throws {
    let tokenizer = try Qwen2Tokenizer.qwen3()
    try check("\(Fixture.folder)/\(file)") { tokenizer.contentIDs($0) }
  }
}
