import Weights

/// What LoRA files call the layers of a model's part: a dotted name of one of its layouts, as it stands or with underscores
/// for dots, after a beginning that names the part.
struct LoRANames {
  /// A layer, or a part of one, by the slot of its weight without `.weight`, and where in a module's rows it lies.
  typealias Place = WeightPlace

  /// By a module's name in files; a tensor of one layout may join several layers of the other.
  private var places: [String: [Place]] = [:]

  /// The beginnings of text encoders' modules: kohya's, diffusers' and PEFT's.
  private static let textBeginnings = [
    "lora_te", "text_encoder", "text_model.", "encoder.layers.", "encoder.block.", "encoder.final_layer_norm",
  ]

  /// Whether a module's name is that of a text encoder's layer.
  static func isOfText(_ module: String) -> Bool {
    textBeginnings.contains { withoutPEFT(module).hasPrefix($0) }
  }

  /// The names of a denoiser's layers with these slots.
  init(denoiser slots: some Sequence<String>, _ config: DenoiserConfig) {
    let isUNet = config.unet != nil
    let underscored = isUNet ? ["lora_unet_"] : ["lora_unet_", "lora_transformer_"]
    let beginnings = ["diffusion_model.", "model.diffusion_model.", ""]
    let original = config.originalNames
    for layer in Self.layers(slots) {
      add(
        [Place(layer)], names: [layer], underscored: underscored,
        dotted: isUNet ? ["unet.", ""] : ["transformer."] + beginnings)
      guard let published = original.name(ofSlot: "\(layer).weight") else { continue }
      add(
        original.slots(of: published).map { Place(Self.layer(of: $0.slot), $0.view) },
        names: [Self.layer(of: published)], underscored: underscored,
        dotted: isUNet ? beginnings : ["transformer."] + beginnings)
    }
  }

  /// The names of the layers of a model's text encoder number `index`.
  init(text slots: some Sequence<String>, index: Int) {
    for layer in Self.layers(slots) {
      add(
        [Place(layer)], names: ["text_model.\(layer)", "model.\(layer)", layer],
        underscored: index == 0 ? ["lora_te_", "lora_te1_"] : ["lora_te2_", "lora_te3_"],
        dotted: index == 0 ? ["text_encoder.", ""] : ["text_encoder_2."])
    }
  }

  /// The layers that a module of a file changes; none when it is none of the part's.
  func places(of module: String) -> [Place] { places[Self.withoutPEFT(module)] ?? [] }

  private static func layers(_ slots: some Sequence<String>) -> [String] {
    slots.filter { $0.hasSuffix(".weight") }.map(layer)
  }

  /// The layer that a weight is of; norms of some layouts have a scale.
  private static func layer(of weight: String) -> String {
    [".weight", ".scale"].first(where: weight.hasSuffix).map { String(weight.dropLast($0.count)) } ?? weight
  }

  private mutating func add(_ layers: [Place], names: [String], underscored: [String], dotted: [String]) {
    for name in names {
      for beginning in dotted { places[beginning + name] = layers }
      for beginning in underscored { places[beginning + name.replacing(".", with: "_")] = layers }
    }
  }

  private static func withoutPEFT(_ module: String) -> String {
    let prefix = "base_model.model."
    return module.hasPrefix(prefix) ? String(module.dropFirst(prefix.count)) : module
  }
}
