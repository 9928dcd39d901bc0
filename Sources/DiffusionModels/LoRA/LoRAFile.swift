import Foundation
import Safetensors

/// A file of changes to a model's weights: LoRA and what descends from it (LoCon, LoHa, LoKr, DoRA, full differences), in the
/// names of kohya's scripts, diffusers or PEFT.
///
/// Opening it reads names and shapes; the numbers are read when a weight is changed.
package struct LoRAFile: Sendable {
  package let path: String
  /// Paths of all files that decide what it changes.
  package var paths: [String] { [path] + (AdapterConfig.path(beside: path).map { [$0] } ?? []) }
  /// By name, in the order of names.
  let modules: [LoRAModule]

  /// Opens the file at `path`.
  ///
  /// Throws `WeightFileError` when it is no safetensors file, and `ModelError` when it has a key of no known format or a
  /// module that is not complete.
  package init(path: String) throws {
    if let ending = [".ckpt", ".pt", ".pth", ".bin"].first(where: path.lowercased().hasSuffix) {
      throw ModelError(
        "\(path): a \(ending) file can run code when it is read, and is not opened; convert it to safetensors")
    }
    try self.init(SafetensorsReader(path: path))
  }

  package init(_ file: SafetensorsReader) throws {
    path = file.source
    let config = try AdapterConfig(of: file)
    var modules: [String: LoRAModule] = [:]
    var unknown: [String] = []
    for key in file.names {
      guard let known = LoRAKey(key) else {
        unknown.append(key)
        continue
      }
      try modules[known.module, default: LoRAModule(name: known.module, file: file, config: config)].add(
        known.role, key)
    }
    guard unknown.isEmpty else {
      let all = unknown.count == file.names.count
      throw ModelError(
        "\(path): \(all ? "is no LoRA\(Self.model(in: file))" : "has keys of no known LoRA format")"
          + Self.listed("unknown", unknown.map { "'\($0)'" }))
    }
    guard !modules.isEmpty else { throw ModelError("\(path): is no LoRA: it has no tensors") }
    self.modules = modules.values.sorted { $0.name < $1.name }
    for module in self.modules { try module.check() }
  }

  /// What of a model is in a file that is no LoRA.
  private static func model(in file: SafetensorsReader) -> String {
    let contents = FileContents(file)
    let isModel = contents.denoiser != nil || !contents.texts.isEmpty || contents.vae != nil
    return isModel ? " but a model, or a part of one" : ""
  }

  /// Lines with the first of some names; none for none.
  static func listed(_ kind: String, _ names: [String]) -> String {
    if names.isEmpty { return "" }
    let shown = names.prefix(12).map { "\n    \($0)" }.joined()
    return "\n  \(kind): \(names.count)" + shown + (names.count > 12 ? "\n    and \(names.count - 12) more" : "")
  }

  /// Reads every number and makes every change, for a weight of its own size.
  ///
  /// Throws the first error.
  package func readAll() throws {
    for module in modules { try module.readAll() }
  }

  /// Whether it has modules of a text encoder.
  package var changesText: Bool { modules.contains { LoRANames.isOfText($0.name) } }
  /// Whether it has modules of a denoiser.
  package var changesDenoiser: Bool { modules.contains { !LoRANames.isOfText($0.name) } }

  /// The family that the file seems made for, told by names and the width of text that its attentions look at; nil when
  /// neither tells.
  var family: String? {
    let names = modules.map(\.name)
    func any(_ parts: String...) -> Bool { names.contains { name in parts.contains(where: name.contains) } }
    if any("double_blocks", "single_blocks", "single_transformer_blocks") {
      return any("stream_modulation", "to_qkv_mlp_proj", "ff_context.linear_in", "ff_context_linear_in")
        ? ModelFamily.flux2.rawValue : ModelFamily.flux.rawValue
    }
    if any("joint_blocks", "ff_context") { return "Stable Diffusion 3" }
    if any("noise_refiner", "context_refiner", "layers.0.attention", "layers_0_attention") {
      return ModelFamily.zImage.rawValue
    }
    if any("motion_modules") { return "AnimateDiff" }
    let cross = modules.first { $0.name.hasSuffix("attn2_to_k") || $0.name.hasSuffix("attn2.to_k") }
    switch cross?.inputCount {
    case 768: return ModelFamily.sd1.rawValue
    case 1024: return ModelFamily.sd2.rawValue
    case 1280: return ModelFamily.sdxlRefiner.rawValue
    case 2048: return ModelFamily.sdxl.rawValue
    default: return any("lora_te2_", "text_encoder_2.") ? ModelFamily.sdxl.rawValue : nil
    }
  }
}

extension LoRAModule {
  /// How many inputs its layer has, where one tensor's shape tells.
  fileprivate var inputCount: Int? {
    [Role.down, .hadaW1B, .diff].lazy.compactMap { self.shape($0) }.first?.dropFirst().first
  }
}
