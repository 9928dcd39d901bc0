import Safetensors

/// A text encoder of any kind with its tokenizer.
enum TextEncoder {
  case clip(CLIPTokenizer?, CLIPTextModel)
  case t5(T5Tokenizer?, T5EncoderModel)
  case qwen3(Qwen2Tokenizer?, Qwen3Model)

  /// With the tokenizer from where it comes.
  func with(_ source: TokenizerSource) throws -> TextEncoder {
    switch self {
    case .clip(_, let model): .clip(try CLIPTokenizer(source, for: model.config), model)
    case .t5(_, let model): .t5(try T5Tokenizer(source), model)
    case .qwen3(_, let model): .qwen3(try Qwen2Tokenizer(source), model)
    }
  }
}

extension TextEncoderConfig {
  /// What the encoder is called.
  package var kind: String {
    switch self {
    case .clip: "CLIP"
    case .t5: "T5"
    case .qwen3: "Qwen3"
    }
  }

  /// Reads the encoder's weights, without a tokenizer; of a language model the layers that `recipe` needs, or all.
  func build(_ weights: WeightScope, _ recipe: TextRecipe?) throws -> TextEncoder {
    switch self {
    case .clip(let config): .clip(nil, try CLIPTextModel(weights, config))
    case .t5(let config): .t5(nil, try T5EncoderModel(weights, config))
    case .qwen3(let config):
      .qwen3(
        nil,
        try Qwen3Model(
          weights, config, layerCount: recipe?.depths(ofLayers: config.layerCount).last ?? config.layerCount))
    }
  }
}
