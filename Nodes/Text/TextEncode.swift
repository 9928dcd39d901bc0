import DiffusionModels
import GraphEngine
import Tensors

/// A prompt as the text encoders' hidden states.
package struct TextEncode: ForecastingNode {
  package static let info = NodeInfo(
    type: "TextEncode", version: 1, lane: .compute, summary: "Encodes a prompt with the model's text encoders.")

  let clip = Input<CLIPHandle>("clip", "The text encoders and their tokenizers.")
  let text = Parameter<String>("text", "The prompt.")
  let secondText = OptionalParameter<String>(
    "text_2", "Another prompt for the second text encoder, SDXL's OpenCLIP or FLUX.1's T5; the same when left out.")
  let writing = PromptPorts()
  let empty = OptionalParameter<String>(
    "empty",
    "What an empty text becomes: encode encodes it, and does so if left out; model gives what the model's pipeline has for "
      + "a prompt that is left out, in SDXL zeros; zeros gives zeros.",
    options: ["encode", "model", "zeros"])
  let clipSkip = Parameter(
    "clip_skip", "How many of the last layers to leave out; 1 is what A1111 calls clip skip 2.", default: 0, min: 0)
  let length = OptionalParameter<Int>(
    "tokens",
    "The most tokens of T5 and Qwen3, 512 when left out: FLUX.1 and FLUX.2 klein see as many, filled up; FLUX.1 schnell was "
      + "trained with 256.",
    min: 1, max: 4096)
  let filledLength = OptionalParameter<Int>(
    "least_tokens",
    "To how many tokens the texts of FLUX.1 and FLUX.2 klein are filled up: as many as 'tokens' when left out; without "
      + "'tokens' nothing is cut. With syntax comfyui nothing is cut where both are left out, and FLUX.1 has 256, as ComfyUI does.",
    min: 1, max: 4096)
  let sizes = SizePorts()
  let conditioning = Output<Conditioning>(
    "conditioning",
    "Hidden states after the final layer norm, 77 for each chunk of the prompt; of SDXL those before the last layer of both "
      + "encoders, with the pooled text; of FLUX.1 T5's, with CLIP's pooled text; of FLUX.2 klein and Z-Image those of "
      + "Qwen3's layers that the model takes.")

  package init() {}

  /// What is meant if it is left out makes no second key.
  package func resolve(_ parameters: inout NodeParameters) throws {
    try writing.resolve(&parameters)
    if parameters[empty] == "encode" { parameters[empty] = nil }
    if parameters[secondText] == parameters[text] { parameters[secondText] = nil }
    if let length = parameters[length], parameters[filledLength] == length { parameters[filledLength] = nil }
  }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    try ([parameters[text]] + [parameters[secondText]].compactMap { $0 }).flatMap {
      try writing.sources(of: $0, parameters)
    }
  }

  package func forecast(_ io: inout NodeForecast) throws {
    guard let model = io[clip], let recipe = model.textRecipe else { return }
    io[conditioning] = ConditioningForecast(width: recipe.stateSize(model.textConfigs))
    let count = recipe.promptCount(model.textConfigs)
    if io[secondText] != nil, count < 2 {
      throw NodeFailure(
        "the model has one text encoder, which takes 'text'; no 'text_2' was expected", at: secondText.name)
    }
    try requireLayers(recipe.mostSkipped(model.textConfigs), io.parameters)
    for port in [length, filledLength] where io[port] != nil && !recipe.takesLength {
      throw NodeFailure("CLIP's text encoders take 77 tokens at a time; no '\(port.name)' was expected", at: port.name)
    }
    if recipe == .zImage, io[filledLength] != nil {
      throw NodeFailure("Z-Image takes its texts as they are; no 'least_tokens' was expected", at: filledLength.name)
    }
    if let least = io[filledLength], let most = io[length], least > most {
      throw NodeFailure("'least_tokens' is \(least), and 'tokens' \(most); it cannot be more", at: filledLength.name)
    }
    settleLength(&io.parameters, recipe)
    try writing.check(prompts(io.parameters, count: count), model, port: text.name)
  }

  package func run(_ io: inout NodeIO) throws {
    let encoders = try io[clip].encoders(at: clip.name)
    try requireLayers(encoders.mostSkipped, io.parameters)
    let sizes = sizes.sizes(io.parameters)
    let prompts = try prompts(io.parameters, count: encoders.promptCount)
    if let absent = absent(io.parameters, encoders) {
      io[conditioning] = Conditioning(absent.states, pooled: absent.pooled, sizes: sizes)
      return
    }
    let remarks = prompts.flatMap(encoders.remarks)
    for (index, remark) in remarks.enumerated() where !remarks[..<index].contains(remark) { io.warn(remark, text.name) }
    let tokens = try writing.tokens(of: prompts, encoders, options(io.parameters), port: text.name)
    for warning in cuts(tokens) { io.warn(warning, text.name) }
    do {
      let encoded = try encoders.encode(tokens, clipSkip: io[clipSkip])
      io[conditioning] = Conditioning(encoded.states, pooled: encoded.pooled, sizes: sizes)
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: clip.name)
    }
  }

  /// One for each text encoder.
  private func prompts(_ parameters: NodeParameters, count: Int) throws -> [Prompt] {
    let first = try writing.prompt(parameters[text], parameters, port: text.name)
    let second = try parameters[secondText].map { try writing.prompt($0, parameters, port: secondText.name) }
    return (0..<count).map { $0 == 0 ? first : second ?? first }
  }

  /// What stands for an empty text, if that is not encoded.
  private func absent(_ parameters: NodeParameters, _ encoders: any TextEncoders) -> TextEncoding? {
    guard parameters[text].isEmpty, parameters[secondText] ?? "" == "" else { return nil }
    switch parameters[empty] {
    case "zeros": return encoders.zeros(options(parameters))
    case "model": return encoders.absentText
    default: return nil
    }
  }

  /// What is meant if they are left out makes no second key.
  private func settleLength(_ parameters: inout NodeParameters, _ recipe: TextRecipe) {
    guard parameters[filledLength] == nil else { return }
    let isComfyUIs = parameters[writing.syntax] == PromptSyntax.comfyui.rawValue
    if isComfyUIs, let least = recipe.comfyUIFilledLength {
      if parameters[length] == nil { parameters[filledLength] = least }
    } else if parameters[length] == TokenizingOptions.pipelineLength {
      parameters[length] = nil
    }
  }

  private func options(_ parameters: NodeParameters) -> TokenizingOptions {
    TokenizingOptions(
      length: parameters[length], filledLength: parameters[filledLength], vectors: writing.vectors)
  }

  private func requireLayers(_ mostSkipped: Int?, _ parameters: NodeParameters) throws {
    let clipSkip = parameters[clipSkip]
    guard clipSkip > mostSkipped ?? 0 else { return }
    throw NodeFailure(
      "clip_skip is \(clipSkip), but "
        + (mostSkipped.map { "the text encoder has \($0 + 1) layers" }
          ?? "the model takes its text encoders' layers as they are"),
      at: self.clipSkip.name)
  }

  /// What to tell of texts that did not fit.
  private func cuts(_ tokens: [TokenizedPrompt]) -> [String] {
    let cuts = tokens.compactMap(\.cut).map { cut in
      let shown = cut.text.count > 200 ? cut.text.prefix(200) + "…" : cut.text[...]
      return "the prompt is longer than \(cut.length) tokens; this was cut: \"\(shown)\""
    }
    return cuts.enumerated().filter { !cuts[..<$0.offset].contains($0.element) }.map(\.element)
  }
}
