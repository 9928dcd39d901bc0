import DiffusionModels
import GraphEngine
import Tensors

/// A prompt as the text encoder's hidden states.
package struct TextEncode: Node {
  package static let info = NodeInfo(
    type: "TextEncode", version: 1, lane: .compute, summary: "Encodes a prompt with the model's text encoder.")

  let clip = Input<CLIPHandle>("clip", "The text encoder and its tokenizer.")
  let text = Parameter<String>("text", "The prompt.")
  let writing = PromptPorts()
  let clipSkip = Parameter(
    "clip_skip", "How many of the last layers to leave out; 1 is what A1111 calls clip skip 2.", default: 0, min: 0)
  let conditioning = Output<Conditioning>(
    "conditioning", "Hidden states after the final layer norm, 77 for each chunk of the prompt.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws { try writing.resolve(&parameters) }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    try writing.sources(of: parameters[text], parameters)
  }

  package func run(_ io: inout NodeIO) throws {
    let (tokenizer, encoder) = try io[clip].model(at: clip.name)
    guard io[clipSkip] < encoder.config.layerCount else {
      throw NodeFailure(
        "clip_skip is \(io[clipSkip]), but the text encoder has \(encoder.config.layerCount) layers",
        at: clipSkip.name)
    }
    let prompt = try writing.prompt(io[text], io.parameters, port: text.name)
    for remark in prompt.remarks { io.warn(remark, text.name) }
    let tokens = try writing.tokens(
      of: prompt, tokenizer, for: .clipL, width: encoder.config.hiddenSize, port: text.name)
    if let cut = tokens.cutText {
      let shown = cut.count > 200 ? cut.prefix(200) + "…" : cut[...]
      io.warn("the prompt is longer than \(tokenizer.length) tokens; this was cut: \"\(shown)\"", text.name)
    }
    do {
      io[conditioning] = Conditioning(tokens.weighted(try encoder(tokens: tokens.rows, clipSkip: io[clipSkip])))
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: clip.name)
    }
  }
}
