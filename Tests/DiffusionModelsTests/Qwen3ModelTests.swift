import Foundation
import Tensors
import Testing

import DiffusionModels

@Suite("Qwen3 encoder")
struct Qwen3ModelTests {
  private static let folder = "\(Fixture.folder)/text-encoders/qwen3-tiny"

  private func model(layers: Int = 4, _ precision: Precision = .f32, warn: (String) -> Void = { _ in }) throws
    -> Qwen3Model
  {
    let source = try Model(path: Self.folder).source
    guard case .qwen3(let config) = source.textConfigs[0] else { throw ModelError("no Qwen3") }
    return try source.textWeights(0).load(precision: precision, warn: warn) {
      try Qwen3Model($0, config, layerCount: layers)
    }
  }

  private func reference() throws -> Fixture { try Fixture(referencePath: "\(Self.folder)/modules.safetensors") }

  @Test(arguments: [("whole", 70), ("padded", 43)])
  func matchesTransformers(_ name: String, seen: Int) throws {
    let reference = try reference()
    let states = try model()(reference.ids("ids")[0], seen: seen, depths: [0, 1, 2, 3, 4])
    for (depth, state) in states.enumerated() {
      expectClose(state, try reference.tensor("\(name).\(depth)"), within: 1e-5, "\(name) after \(depth)")
    }
  }

  @Test(.enabled(if: Precision.bf16.isSupported))
  func isNearTransformersInBF16() throws {
    let reference = try reference()
    let states = try model(layers: 4, .bf16)(reference.ids("ids")[0], seen: 43, depths: [3])
    expectClose(states[0], try reference.tensor("padded.3"), within: 2e-2, "bf16")
  }

  /// Layers that nobody asks for are not loaded, and not told of.
  @Test func stopsAfterTheLastLayerThatIsUsed() throws {
    let (reference, ids) = (try reference(), try reference().ids("ids")[0])
    var warnings: [String] = []
    let model = try model(layers: 2) { warnings.append($0) }
    #expect(warnings == [])
    expectClose(try model(ids, seen: 70, depths: [2])[0], try reference.tensor("whole.2"), within: 1e-5, "two layers")
    #expect(throws: ModelError("states after [3] layers; the text encoder has 2")) {
      try model(ids, seen: 70, depths: [3])
    }
  }

  /// What padding there is changes nothing of the text.
  @Test func paddingIsNotLookedAt() throws {
    let (model, ids) = (try model(), try reference().ids("ids")[0])
    let padded = try model(ids, seen: 43, depths: [4])[0].reshaped([70, 24]).samples(0..<43)
    let alone = try model(Array(ids[..<43]), seen: 43, depths: [4])[0].reshaped([43, 24])
    expectClose(padded, alone, within: 1e-6, "padded")
  }
}
