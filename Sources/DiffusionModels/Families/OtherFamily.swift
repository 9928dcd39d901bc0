/// Models and files that are known by a name in them and cannot be opened, so that a message can say what they are.
struct OtherFamily: CustomStringConvertible {
  let description: String

  /// Beginnings of names, without what files put before all of them.
  private static let table: [(beginning: String, description: String)] = [
    ("distilled_guidance_layer.", "Chroma"), ("double_blocks.0.", "a relative of FLUX"),
    ("joint_blocks.0.", "Stable Diffusion 3"),
    ("transformer_blocks.0.ff_context.", "Stable Diffusion 3"),
    ("noise_refiner.0.", "Lumina"), ("cap_embedder.", "Lumina"), ("txt_norm.", "Qwen-Image"),
    ("down_blocks.0.motion_modules.", "a motion module (AnimateDiff)"),
    ("controlnet_cond_embedding.", "a ControlNet"),
    ("control_model.", "a ControlNet"), ("input_hint_block.", "a ControlNet"),
    ("lora_unet_", "a LoRA"), ("lora_te", "a LoRA"), ("unet.", "a LoRA, or a pipeline in one file"),
    ("base_model.model.", "a LoRA"), ("emb_params", "an embedding (textual inversion)"),
    ("clip_g", "an embedding (textual inversion)"), ("clip_l", "an embedding (textual inversion)"),
    ("shared.weight", "a T5 text encoder of another version"),
    ("model.layers.0.self_attn.", "a language model"),
  ]

  init?(_ names: Set<String>) {
    let short = names.map { name in
      ["model.diffusion_model.", "transformer.", "diffusion_model."].first(where: name.hasPrefix)
        .map { String(name.dropFirst($0.count)) } ?? name
    }
    guard let found = Self.table.first(where: { entry in short.contains { $0.hasPrefix(entry.beginning) } }) else {
      return nil
    }
    description = found.description
  }
}
