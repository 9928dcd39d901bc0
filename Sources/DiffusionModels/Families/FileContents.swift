import Safetensors
import Tensors

/// Which parts a single file has, found from its tensors' names.
struct FileContents {
  struct Denoiser {
    enum Kind {
      case unet(UNetStructure)
      case flux(blocks: Int, singleBlocks: Int)
      case flux2(blocks: Int, singleBlocks: Int)
      case zImage(layers: Int, refiners: Int)
    }

    let names: NameTable
    let kind: Kind
  }

  struct Text {
    enum Kind {
      case clip(layers: Int, activation: Activation, hasProjection: Bool)
      case t5(layers: Int)
      case qwen3(layers: Int)
    }

    let names: NameTable
    let kind: Kind
  }

  struct VAE {
    let names: NameTable
    let levels: Int
    let layers: Int
  }

  private(set) var denoiser: Denoiser?
  /// In the order in which their states are joined.
  private(set) var texts: [Text] = []
  private(set) var vae: VAE?
  private let file: any TensorFile
  private let names: Set<String>
  /// The beginnings of names of layers that a text encoder has and the model leaves out.
  private var skippedBeginnings: [String] = []

  init(_ file: any TensorFile) {
    self.file = file
    names = Set(file.names)
    for prefix in ["model.diffusion_model.", ""] where denoiser == nil {
      denoiser = unet(prefix) ?? flux(prefix) ?? zImage(prefix)
    }
    findTexts()
    findVAE()
  }

  private func has(_ name: String) -> Bool { names.contains(name) }

  /// How many of a numbered row of scopes there are: `name` is of one that each has.
  private func count(_ name: (Int) -> String) -> Int {
    var count = 0
    while has(name(count)) { count += 1 }
    return count
  }

  // MARK: - Parts

  private func unet(_ prefix: String) -> Denoiser? {
    if has("\(prefix)input_blocks.0.0.weight"), has("\(prefix)output_blocks.0.0.in_layers.0.weight") {
      let structure = UNetStructure(original: { has(prefix + $0) })
      return Denoiser(names: .originalUNet(structure, prefix: prefix), kind: .unet(structure))
    }
    guard has("\(prefix)conv_in.weight"), has("\(prefix)up_blocks.0.resnets.0.norm1.weight") else {
      return nil
    }
    return Denoiser(
      names: .diffusersUNet(prefix: prefix),
      kind: .unet(UNetStructure(diffusers: { has(prefix + $0) })))
  }

  /// FLUX.2 is FLUX.1 with modulation that all blocks share.
  private func flux(_ prefix: String) -> Denoiser? {
    var (blocks, singles) = (
      count { "\(prefix)double_blocks.\($0).img_attn.qkv.weight" },
      count { "\(prefix)single_blocks.\($0).linear1.weight" }
    )
    if blocks + singles > 0, has("\(prefix)img_in.weight") {
      if has("\(prefix)single_stream_modulation.lin.weight") {
        return Denoiser(
          names: .originalFlux2(blocks: blocks, singleBlocks: singles, prefix: prefix),
          kind: .flux2(blocks: blocks, singleBlocks: singles))
      }
      guard has("\(prefix)vector_in.in_layer.weight") else { return nil }
      return Denoiser(
        names: .originalFlux(blocks: blocks, singleBlocks: singles, prefix: prefix),
        kind: .flux(blocks: blocks, singleBlocks: singles))
    }
    blocks = count { "\(prefix)transformer_blocks.\($0).attn.add_q_proj.weight" }
    singles = count { "\(prefix)single_transformer_blocks.\($0).attn.norm_q.weight" }
    guard blocks + singles > 0, has("\(prefix)x_embedder.weight") else { return nil }
    if has("\(prefix)single_stream_modulation.linear.weight") {
      return Denoiser(
        names: .diffusersFlux2(prefix: prefix), kind: .flux2(blocks: blocks, singleBlocks: singles))
    }
    guard singles > 0, has("\(prefix)time_text_embed.text_embedder.linear_1.weight") else {
      return nil
    }
    return Denoiser(
      names: .diffusersFlux(prefix: prefix), kind: .flux(blocks: blocks, singleBlocks: singles))
  }

  /// Lumina has the same blocks, and no vectors to fill sequences up with.
  private func zImage(_ prefix: String) -> Denoiser? {
    guard has("\(prefix)cap_pad_token") else { return nil }
    let (layers, refiners) = (
      count { "\(prefix)layers.\($0).attention_norm1.weight" },
      count { "\(prefix)noise_refiner.\($0).attention_norm1.weight" }
    )
    guard layers > 0 else { return nil }
    return Denoiser(
      names: has("\(prefix)layers.0.attention.to_q.weight")
        ? .diffusersZImage(prefix: prefix)
        : .originalZImage(layers: layers, refiners: refiners, prefix: prefix),
      kind: .zImage(layers: layers, refiners: refiners))
  }

  private mutating func findTexts() {
    for prefix in [
      "cond_stage_model.transformer.", "conditioner.embedders.0.transformer.", "text_encoders.clip_l.transformer.", "",
    ] {
      for inner in ["text_model.", ""] where has("\(prefix)\(inner)embeddings.token_embedding.weight") {
        addTransformers(prefix: prefix, inner: inner)
      }
    }
    // Stable Diffusion 2 leaves the last layer out and pools nothing.
    for (prefix, isPooled) in [
      ("cond_stage_model.model.", false), ("conditioner.embedders.0.model.", true),
      ("conditioner.embedders.1.model.", true), ("", true),
    ] where has("\(prefix)token_embedding.weight") && has("\(prefix)transformer.resblocks.0.ln_1.weight") {
      let all = count { "\(prefix)transformer.resblocks.\($0).ln_1.weight" }
      // Alone in a file, the encoder of Stable Diffusion 2 is known by its width.
      let isOfSD2 = !isPooled || (prefix.isEmpty && file.info("token_embedding.weight")?.shape.last == 1024)
      let layers = isOfSD2 ? max(all - 1, 1) : all
      let hasProjection = !isOfSD2 && has("\(prefix)text_projection")
      texts.append(
        Text(
          names: .openCLIP(layers: layers, prefix: prefix),
          kind: .clip(layers: layers, activation: .gelu, hasProjection: hasProjection)))
      if isOfSD2 {
        skippedBeginnings += (layers..<all).map { "\(prefix)transformer.resblocks.\($0)." }
      }
      if !hasProjection { skippedBeginnings.append("\(prefix)text_projection") }
    }
    for prefix in ["text_encoders.t5xxl.transformer.", ""]
    where has("\(prefix)encoder.block.0.layer.0.SelfAttention.q.weight") {
      texts.append(
        Text(
          names: .transformersT5(prefix: prefix, tableIsEncoders: !has("\(prefix)shared.weight")),
          kind: .t5(layers: count { "\(prefix)encoder.block.\($0).layer.0.SelfAttention.q.weight" })))
    }
    // llama.cpp's names, which are those of other language models too.
    if has("enc.blk.0.attn_rel_b.weight") {
      let layers = count { "enc.blk.\($0).attn_q.weight" }
      texts.append(Text(names: .ggufT5(layers: layers), kind: .t5(layers: layers)))
      skippedBeginnings += ["dec.", "output.weight"]
    } else if has("blk.0.attn_q_norm.weight"), has("token_embd.weight"),
      GGUFArchitecture(file).map({ $0.name == "qwen3" }) ?? true
    {
      let layers = count { "blk.\($0).attn_q_norm.weight" }
      texts.append(Text(names: .ggufQwen3(layers: layers), kind: .qwen3(layers: layers)))
    }
    for prefix in ["text_encoders.qwen3_4b.transformer.", ""] {
      for inner in ["model.", ""] where has("\(prefix)\(inner)layers.0.self_attn.q_norm.weight") {
        texts.append(
          Text(
            names: .transformersQwen3(prefix: prefix),
            kind: .qwen3(layers: count { "\(prefix)\(inner)layers.\($0).self_attn.q_norm.weight" })))
      }
    }
  }

  private mutating func addTransformers(prefix: String, inner: String) {
    let width = file.info("\(prefix)\(inner)embeddings.token_embedding.weight")?.shape.last ?? 0
    // Encoders of these widths are OpenCLIP's, in transformers' names.
    let isOpen = width == 1024 || width == 1280
    let hasProjection = isOpen && width == 1280 && has("\(prefix)text_projection.weight")
    texts.append(
      Text(
        names: .transformersCLIP(prefix: prefix),
        kind: .clip(
          layers: count { "\(prefix)\(inner)encoder.layers.\($0).layer_norm1.weight" },
          activation: isOpen ? .gelu : .quickGELU, hasProjection: hasProjection)))
    if !hasProjection { skippedBeginnings.append("\(prefix)text_projection.") }
  }

  private mutating func findVAE() {
    for prefix in ["first_stage_model.", "vae.", ""] {
      if has("\(prefix)decoder.mid.block_1.norm1.weight") {
        let levels = count { "\(prefix)encoder.down.\($0).block.0.norm1.weight" }
        let layers = count { "\(prefix)encoder.down.0.block.\($0).norm1.weight" }
        vae = VAE(names: .originalVAE(levels: levels, layers: layers, prefix: prefix), levels: levels, layers: layers)
        return
      }
      if has("\(prefix)decoder.mid_block.resnets.0.norm1.weight") {
        vae = VAE(
          names: .diffusersVAE(prefix: prefix),
          levels: count { "\(prefix)encoder.down_blocks.\($0).resnets.0.norm1.weight" },
          layers: count { "\(prefix)encoder.down_blocks.0.resnets.\($0).norm1.weight" })
        return
      }
    }
  }

  // MARK: - The rest

  /// What the file has beside its parts, by what it is.
  ///
  /// Throws `ModelError` that lists tensors which nothing is known of.
  func leftovers() throws -> [String: [String]] {
    let tables = [denoiser?.names, vae?.names].compactMap { $0 } + texts.map(\.names)
    var (leftovers, unknown): ([String: [String]], [String]) = ([:], [])
    for name in file.names {
      if let reason = WeightLeftovers.reason(name) {
        leftovers[reason, default: []].append(name)
      } else if skippedBeginnings.contains(where: name.hasPrefix) {
        leftovers["what the model leaves out of its text encoder", default: []].append(name)
      } else if !tables.contains(where: { !$0.slots(of: name).isEmpty }) {
        unknown.append(name)
      }
    }
    guard unknown.isEmpty else {
      throw ModelError("\(file.source): has tensors that belong to no part of the model" + Self.listed(unknown, file))
    }
    return leftovers
  }

  /// What to say of a file with no part that is known.
  func unknownFamily() -> ModelError {
    if let other = OtherFamily(names) {
      return ModelError("\(file.source): seems to be \(other.description), which is not supported")
    }
    let stated = file.metadataString("general.architecture").map { ", its architecture is '\($0)'" } ?? ""
    return ModelError(
      "\(file.source): is no model of a known family\(stated); its tensors are" + Self.listed(file.names, file))
  }

  private static func listed(_ names: [String], _ file: any TensorFile) -> String {
    let shown = names.prefix(20).map { "\n    '\($0)' \(file.info($0)?.shape ?? [])" }.joined()
    return "\n  unknown: \(names.count)" + shown + (names.count > 20 ? "\n    and \(names.count - 20) more" : "")
  }
}
