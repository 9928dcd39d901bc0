import Safetensors
import Tensors

/// The shapes of a part's weights by slot, from which its config follows where no config file says it.
///
/// What shapes cannot say is as in all published models: 32 groups in every norm; 8 heads in Stable Diffusion 1's UNet and
/// heads of 64 elsewhere.
struct WeightShapes {
  /// The file, for errors.
  let path: String
  private var shapes: [String: [Int]] = [:]

  init(_ file: any TensorFile, _ table: NameTable) { self.init([(file, table)], path: file.source) }

  /// Those of a part that is in several files.
  init(_ files: [(file: any TensorFile, table: NameTable)], path: String) {
    self.path = path
    for (file, table) in files {
      for name in file.names {
        guard let shape = file.info(name)?.shape else { continue }
        for place in table.slots(of: name) { shapes[place.slot] = place.shape(of: shape) }
      }
    }
  }

  func has(_ slot: String) -> Bool { shapes[slot] != nil }

  /// A dimension of a weight that the config cannot do without.
  func size(_ slot: String, _ axis: Int) throws -> Int {
    guard let shape = shapes[slot] else { throw ModelError("\(path): has no weight for '\(slot)'") }
    guard shape.indices.contains(axis) else {
      throw ModelError("\(path): the weight for '\(slot)' is \(shape); \(axis + 1) or more dimensions were expected")
    }
    return shape[axis]
  }

  func axes(_ slot: String) -> Int? { shapes[slot]?.count }

  /// Heads of 64 channels, of which `channels` must be a multiple.
  func heads(of channels: Int, _ what: String) throws -> Int {
    guard channels > 0, channels % 64 == 0 else {
      throw ModelError(
        "\(path): \(what) has \(channels) channels; a multiple of 64 was expected, as all published models have, whose "
          + "heads are of 64")
    }
    return channels / 64
  }

  /// How many heads of `width` the rows of a projection are.
  func heads(of slot: String, width: Int, _ what: String) throws -> Int {
    let rows = try size(slot, 0)
    guard width > 0, rows > 0, rows % width == 0 else {
      throw ModelError("\(path): \(what) has \(rows) channels in heads of \(width); a multiple was expected")
    }
    return rows / width
  }

  /// How wide each of `heads` heads is that the rows of a projection are.
  func headWidth(of slot: String, heads: Int, _ what: String) throws -> Int {
    let rows = try size(slot, 0)
    guard heads > 0, rows > 0, rows % heads == 0 else {
      throw ModelError("\(path): \(what) has \(rows) channels for \(heads) heads; a multiple was expected")
    }
    return rows / heads
  }
}

extension DenoiserConfig {
  /// The config of a denoiser whose weights are all that is known; `pooledSize` is the width of the pooled text, if known.
  ///
  /// Throws `ModelError` for sizes that no published model could have.
  init(_ shapes: WeightShapes, _ kind: FileContents.Denoiser.Kind, pooledSize: Int?) throws {
    switch kind {
    case .unet(let structure):
      self = .unet(try UNetConfig(structure, shapes, pooledSize: pooledSize))
    case .flux(let blocks, let singles):
      self = .flux(try FluxConfig(shapes, blocks: blocks, singleBlocks: singles))
    case .flux2(let blocks, let singles):
      self = .flux2(try Flux2Config(shapes, blocks: blocks, singleBlocks: singles))
    case .zImage(let layers, let refiners):
      self = .zImage(try ZImageConfig(shapes, layers: layers, refiners: refiners))
    }
  }
}

extension UNetConfig {
  /// The config of a UNet whose weights are all that is known; `pooledSize` is the width of the pooled text, if known.
  ///
  /// Throws `ModelError` for sizes that no published model could have.
  init(_ structure: UNetStructure, _ shapes: WeightShapes, pooledSize: Int?) throws {
    var values: [String: JSONValue] = [:]
    let isLinear = shapes.axes(Self.firstAttention(structure) + ".proj_in.weight") == 2
    let channels = try structure.levels.indices.map { try shapes.size("down_blocks.\($0).resnets.0.conv1.weight", 0) }
    func ints(_ numbers: [Int]) -> JSONValue { .array(numbers.map(JSONValue.int)) }
    func names(_ flags: [Bool], _ cross: String, _ plain: String) -> JSONValue {
      .array(flags.map { .string($0 ? cross : plain) })
    }
    values["block_out_channels"] = ints(channels)
    values["layers_per_block"] = ints(structure.levels.map(\.layerCount))
    values["down_block_types"] = names(structure.levels.map { $0.downDepth > 0 }, "CrossAttnDownBlock2D", "DownBlock2D")
    values["up_block_types"] = names(
      structure.levels.reversed().map { $0.upDepth > 0 }, "CrossAttnUpBlock2D", "UpBlock2D")
    var depths: [Int] = []
    for (index, level) in structure.levels.enumerated() {
      let found = [level.downDepth, level.upDepth, index == structure.levels.count - 1 ? structure.middleDepth : 0]
      let depth = found.max() ?? 0
      guard found.allSatisfy({ $0 == 0 || $0 == depth }) else {
        throw ModelError(
          "\(shapes.path): the UNet's level \(index) has \(found.filter { $0 > 0 }) transformer blocks on its ways; the "
            + "same number was expected")
      }
      depths.append(max(depth, 1))
    }
    values["transformer_layers_per_block"] = ints(depths)
    values["attention_head_dim"] = try ints(
      structure.levels.enumerated().map { index, level in
        if !isLinear { return 8 }
        let isLast = index == structure.levels.count - 1
        guard level.downDepth + level.upDepth + (isLast ? structure.middleDepth : 0) > 0 else { return 1 }
        return try shapes.heads(of: channels[index], "an attention of the UNet")
      })
    values["in_channels"] = .int(try shapes.size("conv_in.weight", 1))
    values["conv_in_kernel"] = .int(try shapes.size("conv_in.weight", 2))
    // A ControlNet has no way up.
    if shapes.has("conv_out.weight") || structure.levels.contains(where: { $0.upDepth > 0 }) {
      values["out_channels"] = .int(try shapes.size("conv_out.weight", 0))
      values["conv_out_kernel"] = .int(try shapes.size("conv_out.weight", 2))
    }
    values["cross_attention_dim"] = .int(
      try shapes.size(Self.firstAttention(structure) + ".transformer_blocks.0.attn2.to_k.weight", 1))
    values["use_linear_projection"] = .bool(isLinear)
    values["time_embedding_dim"] = .int(try shapes.size("time_embedding.linear_1.weight", 0))
    if shapes.has("time_embedding.cond_proj.weight") {
      values["time_cond_proj_dim"] = .int(try shapes.size("time_embedding.cond_proj.weight", 1))
    }
    if shapes.has("add_embedding.linear_1.weight") {
      let inputs = try shapes.size("add_embedding.linear_1.weight", 1)
      values["addition_embed_type"] = .string("text_time")
      values["projection_class_embeddings_input_dim"] = .int(inputs)
      values["addition_time_embed_dim"] = .int(Self.numberSize(inputs: inputs, pooledSize: pooledSize))
    }
    try self.init(ConfigFile(path: shapes.path, values: values))
  }

  /// How wide the embedding of each of six numbers, or the refiner's five, is beside a pooled text: 256 in all published
  /// models.
  private static func numberSize(inputs: Int, pooledSize: Int?) -> Int {
    guard let pooledSize, ![5, 6].contains(where: { inputs == pooledSize + 256 * $0 }) else { return 256 }
    let rest = inputs - pooledSize
    return [6, 5].first { rest > 0 && rest % $0 == 0 }.map { rest / $0 } ?? 256
  }

  private static func firstAttention(_ structure: UNetStructure) -> String {
    structure.levels.firstIndex { $0.downDepth > 0 }.map { "down_blocks.\($0).attentions.0" }
      ?? "mid_block.attentions.0"
  }
}

extension TextEncoderConfig {
  /// The config of a text encoder whose weights are all that is known, but for what is `stated`.
  init(_ shapes: WeightShapes, _ found: FileContents.Text.Kind, stated: [String: JSONValue]) throws {
    switch found {
    case .clip(let layers, let activation, let hasProjection):
      self = .clip(
        try CLIPTextConfig(shapes, layers: layers, activation: activation, hasProjection: hasProjection))
    case .t5(let layers): self = .t5(try T5EncoderConfig(shapes, layers: layers, stated: stated))
    case .qwen3(let layers): self = .qwen3(try Qwen3Config(shapes, layers: layers, stated: stated))
    }
  }
}

extension CLIPTextConfig {
  /// The config of a text encoder of `layers` layers whose weights are all that is known.
  init(_ shapes: WeightShapes, layers: Int, activation: Activation, hasProjection: Bool) throws {
    let width = try shapes.size("embeddings.token_embedding.weight", 1)
    var values: [String: JSONValue] = [
      "vocab_size": .int(try shapes.size("embeddings.token_embedding.weight", 0)), "hidden_size": .int(width),
      "intermediate_size": .int(try shapes.size("encoder.layers.0.mlp.fc1.weight", 0)),
      "num_hidden_layers": .int(layers), "hidden_act": .string(activation.rawValue),
      "num_attention_heads": .int(try shapes.heads(of: width, "the text encoder")),
      "max_position_embeddings": .int(try shapes.size("embeddings.position_embedding.weight", 0)),
    ]
    if hasProjection { values["projection_dim"] = .int(try shapes.size("text_projection.weight", 0)) }
    try self.init(ConfigFile(path: shapes.path, values: values), hasProjection: hasProjection)
  }
}

extension T5EncoderConfig {
  /// The config of a T5 encoder of `layers` layers whose weights are all that is known.
  init(_ shapes: WeightShapes, layers: Int, stated: [String: JSONValue] = [:]) throws {
    let first = "encoder.block.0.layer"
    let bias = "\(first).0.SelfAttention.relative_attention_bias.weight"
    let heads = try shapes.size(bias, 1)
    try self.init(
      ConfigFile(
        path: shapes.path,
        values: [
          "vocab_size": .int(try shapes.size("shared.weight", 0)), "d_model": .int(try shapes.size("shared.weight", 1)),
          "d_kv": .int(
            try shapes.headWidth(of: "\(first).0.SelfAttention.q.weight", heads: heads, "T5's first attention")),
          "d_ff": .int(try shapes.size("\(first).1.DenseReluDense.wi_0.weight", 0)), "num_layers": .int(layers),
          "num_heads": .int(heads), "relative_attention_num_buckets": .int(try shapes.size(bias, 0)),
          "feed_forward_proj": .string("gated-gelu"),
        ].merging(stated) { $1 }))
  }
}

extension Qwen3Config {
  /// The config of a Qwen3 of `layers` layers whose weights are all that is known, which has the angles of all published ones.
  init(_ shapes: WeightShapes, layers: Int, stated: [String: JSONValue] = [:]) throws {
    let attention = "layers.0.self_attn"
    let headWidth = try shapes.size("\(attention).q_norm.weight", 0)
    func heads(_ projection: String) throws -> JSONValue {
      .int(try shapes.heads(of: "\(attention).\(projection).weight", width: headWidth, "Qwen3's first attention"))
    }
    try self.init(
      ConfigFile(
        path: shapes.path,
        values: [
          "vocab_size": .int(try shapes.size("embed_tokens.weight", 0)),
          "hidden_size": .int(try shapes.size("embed_tokens.weight", 1)),
          "intermediate_size": .int(try shapes.size("layers.0.mlp.gate_proj.weight", 0)),
          "num_hidden_layers": .int(layers), "num_attention_heads": try heads("q_proj"),
          "num_key_value_heads": try heads("k_proj"), "head_dim": .int(headWidth), "rope_theta": .float(1_000_000),
        ].merging(stated) { $1 }))
  }
}

extension AutoencoderKLConfig {
  /// The config of a VAE of `levels` levels whose weights are all that is known.
  ///
  /// What latents are multiplied by, and what is taken from them before, files do not say: it is as in the published models
  /// of the denoiser's family or, in a file without one, of those with as many channels.
  init(_ shapes: WeightShapes, levels: Int, layers: Int, family: ModelFamily?) throws {
    let latentChannels = try shapes.size("decoder.conv_in.weight", 1)
    let isPatched = shapes.has("bn.running_mean")
    let (factor, shift) =
      if isPatched { (1.0, 0.0) } else if latentChannels == 16 { (0.3611, 0.1159) } else {
        (family == .sdxl || family == .sdxlRefiner ? 0.13025 : 0.18215, 0.0)
      }
    let channels = try (0..<levels).map {
      JSONValue.int(try shapes.size("encoder.down_blocks.\($0).resnets.0.conv1.weight", 0))
    }
    let decoderChannels = try (0..<levels).map {
      JSONValue.int(
        try shapes.size("decoder.up_blocks.\(levels - 1 - $0).resnets.0.conv2.weight", 0))
    }
    try self.init(
      ConfigFile(
        path: shapes.path,
        values: [
          "block_out_channels": .array(channels), "layers_per_block": .int(layers),
          "decoder_block_out_channels": .array(decoderChannels),
          "down_block_types": .array(channels.map { _ in .string("DownEncoderBlock2D") }),
          "up_block_types": .array(channels.map { _ in .string("UpDecoderBlock2D") }),
          "in_channels": .int(try shapes.size("encoder.conv_in.weight", 1)),
          "out_channels": .int(try shapes.size("decoder.conv_out.weight", 0)),
          "latent_channels": .int(latentChannels),
          "_class_name": .string(isPatched ? "AutoencoderKLFlux2" : "AutoencoderKL"),
          "use_quant_conv": .bool(shapes.has("quant_conv.weight")),
          "use_post_quant_conv": .bool(shapes.has("post_quant_conv.weight")),
          "mid_block_add_attention": .bool(
            shapes.has("decoder.mid_block.attentions.0.group_norm.weight")),
          "scaling_factor": .float(factor), "shift_factor": .float(shift),
        ]))
  }
}
