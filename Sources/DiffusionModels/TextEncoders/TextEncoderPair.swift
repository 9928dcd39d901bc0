import Safetensors

/// Two text encoders that a family has beside each other, from two places: CLIP-L and T5, or CLIP-L and OpenCLIP-bigG.
struct TextEncoderPair: ModelSource {
  let path: String
  /// In the order in which the family has them: CLIP before T5, one without a projection before one that has it.
  private let sources: [any ModelSource]
  let textConfigs: [TextEncoderConfig]

  init(_ first: any ModelSource, _ second: any ModelSource) throws {
    for source in [first, second] where source.textConfigs.count != 1 {
      throw ModelError(
        "\(source.path): has \(source.textConfigs.count) text encoders; one was expected, of a pair that two files have"
      )
    }
    let isInOrder = Self.rank(first.textConfigs[0]) <= Self.rank(second.textConfigs[0])
    sources = isInOrder ? [first, second] : [second, first]
    textConfigs = sources.flatMap(\.textConfigs)
    path = first.path
  }

  private static func rank(_ config: TextEncoderConfig) -> Int {
    switch config {
    case .clip(let config): config.projectionSize == nil ? 0 : 1
    case .t5, .qwen3: 2
    }
  }

  var denoiserConfig: DenoiserConfig? { nil }
  var vaeConfig: AutoencoderConfig? { nil }
  var zeroesAbsentText: Bool { textConfigs.allSatisfy { $0.clip != nil } }

  func files(of part: Model.Part) throws -> [String] {
    part == .clip ? try sources.flatMap { try $0.files(of: part) } : []
  }
  func textWeights(_ index: Int) throws -> WeightStore { try sources[index].textWeights(0) }
  func tokenizer(_ index: Int) throws -> TokenizerSource { try sources[index].tokenizer(0) }
  func schedulerConfig() throws -> SchedulerConfig { throw ModelError("\(path): the model has no 'scheduler'") }
  func denoiserWeights() throws -> WeightStore { throw ModelError("\(path): the model has no 'unet'") }
  func vaeWeights() throws -> WeightStore { throw ModelError("\(path): the model has no 'vae'") }
}
