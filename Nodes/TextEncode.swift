import DiffusionModels
import GraphEngine
import Tensors

/// A prompt as the text encoders' hidden states.
package struct TextEncode: Node {
  package static let info = NodeInfo(
    type: "TextEncode", version: 1, lane: .compute, summary: "Encodes a prompt with the model's text encoders.")

  let clip = Input<CLIPHandle>("clip", "The text encoders and their tokenizers.")
  let text = Parameter<String>("text", "The prompt.")
  let writing = PromptPorts()
  let empty = OptionalParameter<String>(
    "empty",
    "What an empty text becomes: encode encodes it, and does so if left out; model gives what the model's pipeline has for "
      + "a prompt that is left out, in SDXL zeros; zeros gives zeros.",
    options: ["encode", "model", "zeros"])
  let clipSkip = Parameter(
    "clip_skip", "How many of the last layers to leave out; 1 is what A1111 calls clip skip 2.", default: 0, min: 0)
  let sizes = SizePorts()
  let conditioning = Output<Conditioning>(
    "conditioning",
    "Hidden states after the final layer norm, 77 for each chunk of the prompt; of SDXL those before the last layer of both "
      + "encoders, with the pooled text.")

  package init() {}

  /// What is meant if it is left out makes no second key.
  package func resolve(_ parameters: inout NodeParameters) throws {
    try writing.resolve(&parameters)
    if parameters[empty] == "encode" { parameters[empty] = nil }
  }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    try writing.sources(of: parameters[text], parameters)
  }

  package func run(_ io: inout NodeIO) throws {
    let encoders = try io[clip].encoders(at: clip.name)
    guard io[clipSkip] <= encoders.mostSkipped else {
      throw NodeFailure(
        "clip_skip is \(io[clipSkip]), but the text encoder has \(encoders.mostSkipped + 1) layers", at: clipSkip.name)
    }
    let sizes = sizes.sizes(io.parameters)
    if io[text].isEmpty, io[empty] == "zeros" || (io[empty] == "model" && encoders.zeroesAbsentText) {
      let zeros = encoders.zeros
      io[conditioning] = Conditioning(zeros.states, pooled: zeros.pooled, sizes: sizes)
      return
    }
    let prompt = try writing.prompt(io[text], io.parameters, port: text.name)
    for remark in prompt.remarks { io.warn(remark, text.name) }
    let tokens = try encoders.encoders.map { encoder in
      try writing.tokens(
        of: prompt, encoder.tokenizer, for: encoder.model.config.projectionSize == nil ? .clipL : .clipG,
        width: encoder.model.config.hiddenSize, port: text.name)
    }
    if let cut = tokens[0].cutText {
      let shown = cut.count > 200 ? cut.prefix(200) + "…" : cut[...]
      io.warn(
        "the prompt is longer than \(encoders.encoders[0].tokenizer.length) tokens; this was cut: \"\(shown)\"",
        text.name)
    }
    do {
      let encoded = try encoders.encode(tokens, clipSkip: io[clipSkip])
      io[conditioning] = Conditioning(encoded.states, pooled: encoded.pooled, sizes: sizes)
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: clip.name)
    }
  }
}
