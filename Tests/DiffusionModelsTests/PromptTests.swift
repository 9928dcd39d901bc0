import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

/// Prompts with weights, against what `Tests/Fixtures/prompts/make_prompt_fixtures.py` makes of them by the rules.
struct PromptTests {
  private static let fixtures = "\(Fixture.folder)/prompts"

  private struct Case: Decodable {
    let text: String
    let chunks: [[Token]]
  }

  private struct Token: Decodable {
    /// An id, or the file and the row of a vector.
    let name: String
    let weight: Double

    init(from decoder: any Decoder) throws {
      var pair = try decoder.unkeyedContainer()
      // A container stays where it is when it cannot decode.
      name = try (try? pair.decode(Int.self)).map(String.init) ?? pair.decode(String.self)
      weight = try pair.decode(Double.self)
    }
  }

  private static func cases(_ syntax: PromptSyntax) throws -> [Case] {
    let data = try Data(contentsOf: URL(filePath: "\(fixtures)/prompts.json"))
    return try #require(try JSONDecoder().decode([String: [Case]].self, from: data)[syntax.rawValue])
  }

  private static func prompt(_ text: String, _ syntax: PromptSyntax) throws -> Prompt {
    try Prompt(text, syntax: syntax, embeddings: EmbeddingFolder(path: "\(fixtures)/embeddings"))
  }

  @Test(arguments: [PromptSyntax.comfyui, .a1111])
  func tokensAndWeightsOfTheRules(_ syntax: PromptSyntax) throws {
    let tokenizer = try CLIPTokenizer(folder: "\(Fixture.folder)/tokenizer/clip")
    let cases = try Self.cases(syntax)
    #expect(cases.count >= 100)
    for one in cases {
      let tokens = try TokenizedPrompt(try Self.prompt(one.text, syntax), tokenizer) { file in
        let vectors = try TextualInversion.vectors(file.path, for: .clipL, width: 4)
        let name = String(file.path.dropFirst("\(Self.fixtures)/embeddings/".count).dropLast(".safetensors".count))
        // The row's number stands for the vector.
        return vectors.indices.map { Self.stand(for: "\(name):\($0)") }
      }
      let expected = one.chunks.map { chunk in
        let padding = tokenizer.length - 2 - chunk.count
        return [.id(tokenizer.startID)]
          + chunk.map { Int($0.name).map(TextToken.id) ?? .vector(Self.stand(for: $0.name)) }
          + [.id(tokenizer.endID)] + Array(repeating: .id(tokenizer.paddingID), count: padding)
      }
      #expect(tokens.chunks.map(\.tokens) == expected, "\(one.text)")
      for (chunk, row) in zip(tokens.chunks, one.chunks) {
        let weights = [1] + row.map(\.weight) + Array(repeating: 1, count: tokenizer.length - 1 - row.count)
        #expect(zip(chunk.weights, weights).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($1)) }, "\(one.text)")
        #expect(chunk.weights.count == tokenizer.length && chunk.endIndex == row.count + 1)
      }
    }
  }

  /// A tensor that no other name has.
  private static func stand(for name: String) -> Tensor {
    Tensor(shape: [name.utf8.count], values: name.utf8.map { Float($0) })
  }

  @Test(arguments: [PromptSyntax.comfyui, .a1111])
  func statesOfTheRules(_ syntax: PromptSyntax) throws {
    let (tokenizer, encoder) = try Model(path: "\(Self.fixtures)/model").clipEncoders()[0]
    let reference = try Fixture(referencePath: "\(Self.fixtures)/states.safetensors")
    let numbers = reference.cases("\(syntax.rawValue).", "").compactMap { Int($0) }
    #expect(numbers.count >= 40)
    let cases = try Self.cases(syntax)
    for number in numbers {
      let tokens = try TokenizedPrompt(try Self.prompt(cases[number].text, syntax), tokenizer) {
        try TextualInversion.vectors($0.path, for: .clipL, width: 4)
      }
      expectClose(
        tokens.weighted(try encoder(tokens: tokens.rows)), try reference.tensor("\(syntax.rawValue).\(number)"),
        within: 1e-5, cases[number].text)
    }
  }

  @Test func aPlainPromptIsOneChunkOfTheTokenizer() throws {
    let tokenizer = try CLIPTokenizer(folder: "\(Fixture.folder)/tokenizer/clip")
    for text in ["", "a (red:1.2) [apple]", String(repeating: "cat ", count: 80)] {
      let tokens = try TokenizedPrompt(try Prompt(text, syntax: .plain), tokenizer) { _ in [] }
      let encoded = tokenizer.encode(text)
      #expect(tokens.rows == [encoded.ids.map(TextToken.id)] && tokens.cut?.text == encoded.cutText)
      #expect(tokens.chunks[0].weights.allSatisfy { $0 == 1 } && tokens.chunks[0].endIndex == encoded.count - 1)
    }
  }

  // MARK: What is told

  @Test(arguments: [
    ("a red apple, 3:4", nil), ("a :) b (", nil), ("x[]", nil), ("a (red:1.2) apple", "(red:1.2)"), ("[red]", "[red]"),
    ("(2023)", "(2023)"), ("red BREAK blue", "BREAK"), ("embedding:x", "embedding:x"), ("a AND b", "AND"),
    ("a <lora:x:1>", "<lora:x:1>"), ("breaks AND-like", nil),
  ])
  func plainTextThatLooksWeighted(_ text: String, _ mark: String?) throws {
    let remarks = try Prompt(text, syntax: .plain).remarks
    #expect(
      remarks
        == (mark.map {
          [
            "'\($0)' is plain text here: brackets, weights and names of embeddings mean something with 'syntax: comfyui' "
              + "or 'syntax: a1111'"
          ]
        } ?? []))
  }

  @Test func whatBelongsToTheWebUI() throws {
    let edit =
      "is read as a weakened text: a prompt that changes on the way is two TextEncode nodes, wired to different steps"
    func remarks(_ text: String) throws -> [String] { try Prompt(text, syntax: .a1111).remarks }
    #expect(try remarks("a [red:blue:0.5] cat [x|y]") == ["'[red:blue:0.5]' \(edit)"])
    #expect(try remarks("[x|y]") == ["'[x|y]' \(edit)"])
    #expect(try remarks("[red] (a: b:1.2) [x:y] \\[a:1\\]") == [])
    #expect(
      try remarks("red AND blue") == [
        "'AND' is a word like others here: ConditioningMix with 'mode: combine' averages the predictions of prompts"
      ])
    #expect(
      try remarks("<lora:a:1> b <lora:c:1>") == ["'<lora:a:1>' was left out: the node ApplyLoRA applies a LoRA"])
    #expect(try remarks("a < b > c <3") == [])
  }

  @Test func namesThatNoFileHas() throws {
    let folder = "\(Self.fixtures)/embeddings"
    #expect(
      try Self.prompt("a embedding:nothing, b", .comfyui).remarks
        == ["the embedding 'nothing' is not found in \(folder); it was left out"])
    #expect(
      try Self.prompt("embedding:../embeddings/one embedding:/one", .comfyui).remarks.count == 2)
    #expect(
      try Prompt("embedding:one", syntax: .comfyui).remarks
        == ["the embedding 'one' is unknown without 'embeddings', the folder of its file; it was left out"])
  }

  @Test func bracketsWithoutEnd() throws {
    let deep = ModelError("brackets are nested more than 256 deep")
    for syntax in [PromptSyntax.comfyui, .a1111] {
      let text = String(repeating: "(", count: 300) + "a" + String(repeating: ")", count: 300)
      #expect(throws: deep) { try Prompt(text, syntax: syntax) }
    }
    // What is no group is text, however long.
    #expect(try Prompt(String(repeating: ")", count: 100_000), syntax: .comfyui).remarks == [])
    #expect(try Prompt(String(repeating: "<a:", count: 100_000), syntax: .a1111).remarks == [])
  }

  @Test func weightsBeyondNumbers() throws {
    let tokenizer = try CLIPTokenizer(folder: "\(Fixture.folder)/tokenizer/clip")
    #expect(throws: ModelError("a weight is 1e+39, which no number in single precision is")) {
      try TokenizedPrompt(try Prompt("(a:1e39)", syntax: .comfyui), tokenizer) { _ in [] }
    }
  }
}
