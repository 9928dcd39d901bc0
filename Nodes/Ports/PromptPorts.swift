import DiffusionModels
import GraphEngine
import Safetensors
import Tensors

/// How a prompt is written, and the textual inversions that it may name.
struct PromptPorts: PortGroup {
  let syntax = OptionalParameter<String>(
    "syntax",
    "What brackets mean: comfyui and a1111 weigh text as those programs do, such as (word:1.2), and take prompts of any "
      + "length; plain, if left out, gives them no meaning.",
    options: PromptSyntax.allCases.map(\.rawValue))
  let embeddings = OptionalParameter<String>(
    "embeddings",
    "A folder of textual inversions (.safetensors): comfyui calls one as embedding:name, a1111 by its bare name.",
    path: .read)

  /// Plain, which is what no syntax means, leaves no trace in a key.
  func resolve(_ parameters: inout NodeParameters) throws {
    if syntax(parameters) == .plain {
      parameters[syntax] = nil
      if parameters[embeddings] != nil {
        throw NodeFailure(
          "a plain prompt names no embeddings; 'syntax' comfyui or a1111 was expected", at: embeddings.name)
      }
    }
  }

  /// The textual inversions that decide what `text` means, each by its name.
  func sources(of text: String, _ parameters: NodeParameters) throws -> [NodeSource] {
    try prompt(text, parameters, port: embeddings.name).embeddings.map { file in
      try failing(at: embeddings.name) { try TextualInversion.check(file.path) }
      return NodeSource(file.path, role: file.name)
    }
  }

  /// Reads `text` as the parameters say; throws `NodeFailure`.
  func prompt(_ text: String, _ parameters: NodeParameters, port: String) throws -> Prompt {
    try failing(at: port) {
      try Prompt(
        text, syntax: syntax(parameters),
        embeddings: try parameters[embeddings].map { path in
          try failing(at: embeddings.name) { try EmbeddingFolder(path: path) }
        })
    }
  }

  /// The prompts in the tokens of each text encoder; throws `NodeFailure`, at `port` for what is wrong with the text.
  func tokens(
    of prompts: [Prompt], _ encoders: any TextEncoders, _ options: TokenizingOptions, port: String
  ) throws -> [TokenizedPrompt] {
    try failing(at: port) { try encoders.tokens(of: prompts, options) }
  }

  /// Refuses what a model's text encoders cannot take of the prompts, one for each, without reading a weight.
  func check(_ prompts: [Prompt], _ model: Model, port: String) throws {
    try failing(at: port) { try model.check(prompts, vectors: vectors) }
  }

  /// Reads a textual inversion for an encoder of this width; throws `NodeFailure`.
  func vectors(_ file: EmbeddingFolder.File, for encoder: TextualInversion.Encoder, width: Int) throws
    -> [Tensor]
  {
    try failing(at: embeddings.name) { try TextualInversion.vectors(file.path, for: encoder, width: width) }
  }

  private func syntax(_ parameters: NodeParameters) -> PromptSyntax {
    parameters[syntax].flatMap(PromptSyntax.init) ?? .plain
  }

  private func failing<Result>(at port: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: port)
    } catch let error as WeightFileError {
      throw NodeFailure(error.message, at: port)
    }
  }
}
