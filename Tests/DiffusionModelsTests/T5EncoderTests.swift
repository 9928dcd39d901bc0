import Foundation
import Tensors
import Testing

import DiffusionModels

@Suite("T5 encoder")
struct T5EncoderTests {
  private static let folder = "\(Fixture.folder)/text-encoders/t5-tiny"

  private func encoder(_ precision: Precision = .f32) throws -> T5EncoderModel {
    let source = try Model(path: Self.folder).source
    guard case .t5(let config) = source.textConfigs[0] else { throw ModelError("no T5") }
    return try source.textWeights(0).load(precision: precision) { try T5EncoderModel($0, config) }
  }

  private func reference() throws -> Fixture { try Fixture(referencePath: "\(Self.folder)/modules.safetensors") }

  @Test(arguments: ["long", "pair", "one"])
  func matchesTransformers(_ name: String) throws {
    let reference = try reference()
    let states = try encoder()(reference.ids("\(name).ids"))
    expectClose(states, try reference.tensor("\(name).states"), within: 1e-5, name)
  }

  @Test(.enabled(if: Precision.bf16.isSupported))
  func isNearTransformersInBF16() throws {
    let reference = try reference()
    let states = try encoder(.bf16)(reference.ids("long.ids"))
    expectClose(states, try reference.tensor("long.states"), within: 2e-2, "bf16")
  }

  @Test func aTextIsTheSameAloneAndWithAnother() throws {
    let (encoder, pair) = (try encoder(), try reference().ids("pair.ids"))
    #expect(try encoder(pair).sample(1).values == encoder([pair[1]]).values)
  }

  @Test(arguments: [("buckets", 32, 128), ("buckets.small", 12, 50)])
  func distancesAreInTheReferencesBuckets(_ name: String, count: Int, maxDistance: Int) throws {
    let expected = try reference().tensor(name).values
    let positions = T5RelativePositions(bucketCount: count, maxDistance: maxDistance)
    #expect((-600...600).map { Float(positions.bucket(offset: $0)) } == expected)
  }

  @Test func refusesWhatItCannotTake() throws {
    let encoder = try encoder()
    #expect(throws: ModelError("token id 48 is outside the text encoder's vocabulary of 48")) {
      try encoder([[47, 48]])
    }
    #expect(throws: ModelError("texts of [2, 1] tokens; 1 to 16384 were expected, the same for all")) {
      try encoder([[1, 2], [3]])
    }
    #expect(throws: ModelError("texts of [] tokens; 1 to 16384 were expected, the same for all")) { try encoder([]) }
  }
}
