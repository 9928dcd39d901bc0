/// What LoRA files call the layers of a model's part: a dotted name of one of its layouts, as it stands or with underscores
/// for dots, after a beginning that names the part.
struct LoRANames {
  /// A layer by the slot of its weight without `.weight`, and by its beginning in the names of files.
  private var layers: [String: String] = [:]

  /// The beginnings of text encoders' modules: kohya's, diffusers' and PEFT's.
  private static let textBeginnings = ["lora_te", "text_encoder", "text_model.", "encoder.layers."]

  /// Whether a module's name is that of a text encoder's layer.
  static func isOfText(_ module: String) -> Bool {
    textBeginnings.contains { withoutPEFT(module).hasPrefix($0) }
  }

  /// The names of a UNet's layers with these slots.
  init(unet slots: some Sequence<String>, _ structure: UNetStructure) {
    let original = NameTable.originalUNet(structure)
    for layer in Self.layers(slots) {
      add(layer, names: [layer], underscored: ["lora_unet_"], dotted: ["unet.", ""])
      guard let name = original.name(ofSlot: "\(layer).weight")?.dropLast(".weight".count) else { continue }
      add(
        layer, names: [String(name)], underscored: ["lora_unet_"],
        dotted: ["diffusion_model.", "model.diffusion_model.", ""])
    }
  }

  /// The names of the layers of a model's text encoder number `index`.
  init(text slots: some Sequence<String>, index: Int) {
    for layer in Self.layers(slots) {
      add(
        layer, names: ["text_model.\(layer)", layer],
        underscored: index == 0 ? ["lora_te_", "lora_te1_"] : ["lora_te2_"],
        dotted: index == 0 ? ["text_encoder.", ""] : ["text_encoder_2."])
    }
  }

  /// The layer that a module of a file changes; nil when it is none of the part's.
  func layer(of module: String) -> String? { layers[Self.withoutPEFT(module)] }

  private static func layers(_ slots: some Sequence<String>) -> [String] {
    slots.filter { $0.hasSuffix(".weight") }.map { String($0.dropLast(".weight".count)) }
  }

  private mutating func add(_ layer: String, names: [String], underscored: [String], dotted: [String]) {
    for name in names {
      for beginning in dotted { layers[beginning + name] = layer }
      for beginning in underscored { layers[beginning + name.replacing(".", with: "_")] = layer }
    }
  }

  private static func withoutPEFT(_ module: String) -> String {
    let prefix = "base_model.model."
    return module.hasPrefix(prefix) ? String(module.dropFirst(prefix.count)) : module
  }
}
