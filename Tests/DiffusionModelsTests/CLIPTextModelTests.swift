import Testing

import DiffusionModels

@Suite struct CLIPTextModelTests {
  @Test(arguments: ["sd1-tiny", "sd2-tiny"])
  func matchesTransformers(_ name: String) throws {
    let fixture = try Fixture(name)
    let model = try Model(path: fixture.modelPath).clipEncoders()[0].model
    let cases = fixture.cases("text.", ".ids")
    #expect(cases.count == 5)
    for text in cases {
      let hidden = try model(fixture.ids("text.\(text).ids"))
      expectClose(hidden, try fixture.tensor("text.\(text).last_hidden_state"), "\(name) \(text)")
    }
  }

  @Test(arguments: ["sd1-tiny", "sd2-tiny"], [1, 2])
  func skipsLastLayers(_ name: String, _ skip: Int) throws {
    let fixture = try Fixture(name)
    let model = try Model(path: fixture.modelPath).clipEncoders()[0].model
    let hidden = try model(fixture.ids("text.prompt.ids"), clipSkip: skip)
    expectClose(hidden, try fixture.tensor("text.prompt.clip_skip_\(skip)"), "\(name) clip_skip \(skip)")
  }

  @Test func aTextIsTheSameAloneAndInABatch() throws {
    let fixture = try Fixture("sd1-tiny")
    let model = try Model(path: fixture.modelPath).clipEncoders()[0].model
    let pair = try fixture.ids("text.pair.ids")
    #expect(try model(pair).sample(1).values == model([pair[1]]).values)
  }

  @Test func refusesWhatItCannotTake() throws {
    let model = try Model(path: Fixture("sd1-tiny").modelPath).clipEncoders()[0].model
    #expect(throws: ModelError("token id 559 is outside the text encoder's vocabulary of 559")) {
      try model([[557, 559]])
    }
    #expect(throws: ModelError("token id -1 is outside the text encoder's vocabulary of 559")) { try model([[-1]]) }
    #expect(throws: ModelError("texts of [78] tokens; 1 to 77 were expected, the same for all")) {
      try model([Array(repeating: 0, count: 78)])
    }
    #expect(throws: ModelError("texts of [2, 1] tokens; 1 to 77 were expected, the same for all")) {
      try model([[1, 2], [3]])
    }
    #expect(throws: ModelError("texts of [] tokens; 1 to 77 were expected, the same for all")) { try model([]) }
    #expect(throws: ModelError("clip_skip is 4; the text encoder has 3 layers to skip")) {
      try model([[0]], clipSkip: 4)
    }
  }
}
