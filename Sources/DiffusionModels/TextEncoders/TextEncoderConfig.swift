/// The sizes of a text encoder of any kind.
package enum TextEncoderConfig: Sendable, Equatable {
  case clip(CLIPTextConfig)
  case t5(T5EncoderConfig)
  case qwen3(Qwen3Config)

  /// Classes of transformers, as configs and model indices name them, and whether they have a projection.
  private static let classes: [String: @Sendable (ConfigFile) throws -> TextEncoderConfig] = [
    "CLIPTextModel": { .clip(try CLIPTextConfig($0)) },
    "CLIPTextModelWithProjection": { .clip(try CLIPTextConfig($0, hasProjection: true)) },
    "T5EncoderModel": { .t5(try T5EncoderConfig($0)) },
    "Qwen3ForCausalLM": { .qwen3(try Qwen3Config($0)) },
    "Qwen3Model": { .qwen3(try Qwen3Config($0)) },
  ]

  package static var classNames: [String] { classes.keys.sorted() }

  /// Reads a config as the class of this name does; nil for a class that is none of these.
  init?(_ file: ConfigFile, className: String) throws {
    guard let read = Self.classes[className] else { return nil }
    self = try read(file)
  }

  package var clip: CLIPTextConfig? { if case .clip(let config) = self { config } else { nil } }
  var isT5: Bool { if case .t5 = self { true } else { false } }
  var isQwen3: Bool { if case .qwen3 = self { true } else { false } }

  /// How wide a state is.
  package var hiddenSize: Int {
    switch self {
    case .clip(let config): config.hiddenSize
    case .t5(let config): config.hiddenSize
    case .qwen3(let config): config.hiddenSize
    }
  }

  /// What the encoder's weights are called where transformers saved it.
  var names: NameTable {
    switch self {
    case .clip: .transformersCLIP()
    case .t5: .transformersT5()
    case .qwen3: .transformersQwen3()
    }
  }
}
