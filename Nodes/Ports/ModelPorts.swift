import DiffusionModels
import GraphEngine
import Tensors

/// Where a model or a part of it is, and what it computes in.
package struct ModelPorts: PortGroup {
  let path: Parameter<String>
  let precision = Parameter(
    "precision", "What matrix products compute in; auto picks bf16 where the processor has instructions for it.",
    default: "f32", options: Precision.allCases.map(\.rawValue) + ["auto"])

  init(_ help: String) { path = Parameter("path", help, path: .read) }

  func resolve(_ parameters: inout NodeParameters) throws {
    let choice = Precision(rawValue: parameters[precision]) ?? (Precision.bf16.isSupported ? .bf16 : .f32)
    guard choice.isSupported else {
      throw NodeFailure("this processor cannot compute in \(choice.rawValue); expected f32 or auto", at: precision.name)
    }
    parameters[precision] = choice.rawValue
  }

  /// The files of parts, with the outputs that each part reaches.
  ///
  /// Throws `NodeFailure` at `path`.
  func sources(
    _ parameters: NodeParameters, _ outputs: [Model.Part: Set<String>], encoders: TextEncoderPorts? = nil
  ) throws -> [NodeSource] {
    let model = try open(parameters, encoders: encoders)
    return try NodeFailure.telling(at: path.name) {
      for (part, _) in outputs where outputs.count == 1 { try model.requirePart(part) }
      return try Model.Part.allCases.flatMap { part in
        guard let outputs = outputs[part] else { return [NodeSource]() }
        return try model.files(of: part).map { NodeSource($0, outputs: outputs) }
      }.merged()
    }
  }

  /// Looks whether the weights fit of those parts that reach `needed` outputs.
  ///
  /// Throws `NodeFailure` at `path`.
  func verify(
    _ parameters: NodeParameters, _ outputs: [Model.Part: Set<String>], needed: Set<String>,
    encoders: TextEncoderPorts? = nil
  ) throws {
    let model = try open(parameters, encoders: encoders)
    try NodeFailure.telling(at: path.name) {
      for part in Model.Part.allCases where outputs[part]?.isDisjoint(with: needed) == false { try model.survey(part) }
    }
  }

  /// The model as a plan sees it, which reads configs and no weights; nil for one that cannot be opened, which `sources`
  /// tells of.
  func known(
    _ parameters: NodeParameters, _ overrides: ModelOverrides = ModelOverrides(), encoders: TextEncoderPorts? = nil
  ) -> Model? { try? open(parameters, overrides, encoders: encoders) }

  /// Throws `NodeFailure` at `path`.
  func open(
    _ parameters: NodeParameters, _ overrides: ModelOverrides = ModelOverrides(), encoders: TextEncoderPorts? = nil,
    warn: @escaping @Sendable (String, String?) -> Void = { _, _ in }
  ) throws -> Model {
    let precision = Precision(rawValue: parameters[precision]) ?? .f32
    var overrides = overrides
    overrides.textRecipe = encoders.flatMap { parameters[$0.family] }.flatMap(TextRecipe.init)
    return try NodeFailure.telling(at: path.name) {
      try Model(
        path: parameters[path], secondPath: encoders.flatMap { parameters[$0.secondPath] }, precision: precision,
        overrides: overrides
      ) { [port = path.name] in warn($0, port) }
    }
  }
}

extension [NodeSource] {
  /// One entry for a file that several parts have, with the outputs of all; one that a part has twice counts twice, as two
  /// copies of it would.
  fileprivate func merged() -> [NodeSource] {
    var (merged, places): ([(path: String, outputs: Set<String>)], [String: Int]) = ([], [:])
    for source in self {
      let outputs = source.outputs ?? []
      if let place = places[source.path], merged[place].outputs.isDisjoint(with: outputs) {
        merged[place].outputs.formUnion(outputs)
      } else {
        places[source.path] = merged.count
        merged.append((source.path, outputs))
      }
    }
    return merged.map { NodeSource($0.path, outputs: $0.outputs) }
  }
}

/// What text encoders need to be told that come in files of their own.
package struct TextEncoderPorts: PortGroup {
  let secondPath = OptionalParameter<String>(
    "path_2",
    "The folder or file of the other of two text encoders, in either order: CLIP-L and T5 for FLUX.1, CLIP-L and "
      + "OpenCLIP-bigG for SDXL.",
    path: .read)
  let family = OptionalParameter<String>(
    "family", "The model that a Qwen3 text encoder alone in a file is for; a model's folder tells it.",
    options: TextRecipe.sharingQwen3.map(\.rawValue))
}

/// What a person knows better than the model's files of the noise that it was trained with.
struct TrainingPorts: PortGroup {
  let prediction = OptionalParameter<String>(
    "prediction", "What the denoiser predicts; auto is what the model's files say, or the rule for its family.",
    options: ["auto"] + PredictionType.allCases.map(\.rawValue))
  let zeroSNR = OptionalParameter<String>(
    "zero_snr", "Whether training ended in pure noise; auto is what the model's files say.",
    options: ["auto", "true", "false"])

  /// `auto` is no choice, so that it makes no second key.
  func resolve(_ parameters: inout NodeParameters) {
    if parameters[prediction] == "auto" { parameters[prediction] = nil }
    if parameters[zeroSNR] == "auto" { parameters[zeroSNR] = nil }
  }

  func overrides(_ parameters: NodeParameters) -> ModelOverrides {
    ModelOverrides(
      prediction: parameters[prediction].flatMap(PredictionType.init), zeroSNR: parameters[zeroSNR].map { $0 == "true" }
    )
  }
}
