import DiffusionModels
import GraphEngine

/// A prompt as the text encoder's hidden states.
package struct TextEncode: Node {
  package static let info = NodeInfo(
    type: "TextEncode", version: 1, lane: .compute, summary: "Encodes a prompt with the model's text encoder.")

  let clip = Input<CLIPHandle>("clip", "The text encoder and its tokenizer.")
  let text = Parameter<String>("text", "The prompt, as plain text: brackets have no meaning.")
  let clipSkip = Parameter(
    "clip_skip", "How many of the last layers to leave out; 1 is what A1111 calls clip skip 2.", default: 0, min: 0)
  let conditioning = Output<Conditioning>("conditioning", "Hidden states after the final layer norm.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (tokenizer, encoder) = try io[clip].model(at: clip.name)
    let tokens = tokenizer.encode(io[text])
    if let cut = tokens.cutText {
      let shown = cut.count > 200 ? cut.prefix(200) + "…" : cut[...]
      io.warn("the prompt is longer than \(tokens.ids.count) tokens; this was cut: \"\(shown)\"", text.name)
    }
    guard io[clipSkip] < encoder.config.layerCount else {
      throw NodeFailure(
        "clip_skip is \(io[clipSkip]), but the text encoder has \(encoder.config.layerCount) layers",
        at: clipSkip.name)
    }
    do {
      io[conditioning] = try Conditioning(encoder([tokens.ids], clipSkip: io[clipSkip]))
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: clip.name)
    }
  }
}
