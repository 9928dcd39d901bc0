// The configs of transformers whose weights are all that is known. What shapes cannot say is as in all published models: how
// many channels of a head each position turns.

extension FluxConfig {
  init(_ shapes: WeightShapes, blocks: Int, singleBlocks: Int) throws {
    let heads = try shapes.normedHeads(
      blocks > 0 ? "transformer_blocks.0.attn.norm_q" : "single_transformer_blocks.0.attn.norm_q",
      of: "x_embedder")
    try self.init(
      ConfigFile(
        path: shapes.path,
        values: [
          "in_channels": .int(try shapes.size("x_embedder.weight", 1)),
          "out_channels": .int(try shapes.size("proj_out.weight", 0)),
          "num_layers": .int(blocks), "num_single_layers": .int(singleBlocks),
          "num_attention_heads": .int(heads.count), "attention_head_dim": .int(heads.width),
          "joint_attention_dim": .int(try shapes.size("context_embedder.weight", 1)),
          "pooled_projection_dim": .int(
            try shapes.size("time_text_embed.text_embedder.linear_1.weight", 1)),
          "guidance_embeds": .bool(shapes.has("time_text_embed.guidance_embedder.linear_1.weight")),
          // 16, 56 and 56 of 128.
          "axes_dims_rope": .array(WeightShapes.axes(ofHead: heads.width, sixteenths: 7)),
        ]))
  }
}

extension Flux2Config {
  init(_ shapes: WeightShapes, blocks: Int, singleBlocks: Int) throws {
    let heads = try shapes.normedHeads(
      blocks > 0 ? "transformer_blocks.0.attn.norm_q" : "single_transformer_blocks.0.attn.norm_q",
      of: "x_embedder")
    let width = heads.count * heads.width
    let hidden =
      blocks > 0
      ? try shapes.size("transformer_blocks.0.ff.linear_out.weight", 1)
      : try shapes.size("single_transformer_blocks.0.attn.to_out.weight", 1) - width
    let ratio = Double(hidden) / Double(width)
    try self.init(
      ConfigFile(
        path: shapes.path,
        values: [
          "in_channels": .int(try shapes.size("x_embedder.weight", 1)),
          "out_channels": .int(try shapes.size("proj_out.weight", 0)),
          "num_layers": .int(blocks), "num_single_layers": .int(singleBlocks),
          "num_attention_heads": .int(heads.count), "attention_head_dim": .int(heads.width),
          "joint_attention_dim": .int(try shapes.size("context_embedder.weight", 1)),
          "timestep_guidance_channels": .int(
            try shapes.size("time_guidance_embed.timestep_embedder.linear_1.weight", 1)),
          // A quotient that was rounded down would lose a channel.
          "mlp_ratio": .float(Int(Double(width) * ratio) == hidden ? ratio : ratio.nextUp),
          "guidance_embeds": .bool(
            shapes.has("time_guidance_embed.guidance_embedder.linear_1.weight")),
          "axes_dims_rope": .array(Array(repeating: .int(heads.width / 4), count: 4)),
        ]))
  }
}

extension ZImageConfig {
  init(_ shapes: WeightShapes, layers: Int, refiners: Int) throws {
    let heads = try shapes.normedHeads("layers.0.attention.norm_q", of: "all_x_embedder.2-1")
    try self.init(
      ConfigFile(
        path: shapes.path,
        values: [
          "in_channels": .int(
            try shapes.size("all_x_embedder.2-1.weight", 1) / (Self.patchSize * Self.patchSize)),
          "dim": .int(heads.count * heads.width), "n_heads": .int(heads.count),
          "n_layers": .int(layers),
          "n_refiner_layers": .int(refiners),
          "cap_feat_dim": .int(try shapes.size("cap_embedder.1.weight", 1)),
          // 32, 48 and 48 of 128.
          "axes_dims": .array(WeightShapes.axes(ofHead: heads.width, sixteenths: 6)),
        ]))
  }
}

extension WeightShapes {
  /// The heads of a model whose tokens are as wide as the layer `embedder` makes them, and whose heads are as wide as a norm.
  fileprivate func normedHeads(_ norm: String, of embedder: String) throws -> (
    count: Int, width: Int
  ) {
    let (width, head) = (try size("\(embedder).weight", 0), try size("\(norm).weight", 0))
    guard head > 0, width > 0, width % head == 0 else {
      throw ModelError(
        "\(path): tokens have \(width) channels in heads of \(head); a multiple was expected")
    }
    return (width / head, head)
  }

  /// Channels that three positions turn, of which the last two turn so many sixteenths of the head each, as far as even
  /// numbers go.
  fileprivate static func axes(ofHead width: Int, sixteenths: Int) -> [JSONValue] {
    let side = max(width * sixteenths / 16 / 2 * 2, 2)
    return [.int(width - 2 * side), .int(side), .int(side)]
  }
}
