extension NameTable {
  /// A CLIP text encoder as transformers saves it, with or without the `text_model.` of older checkpoints.
  package static func transformersCLIP(prefix: String = "") -> NameTable {
    NameTable(prefix: prefix, [Rule("text_projection", "text_projection"), Rule("text_model", ""), Rule("", "")])
  }

  /// The first `layers` layers of a text encoder as OpenCLIP saves it: query, key and value joined, and the projection
  /// transposed.
  package static func openCLIP(layers: Int, prefix: String = "") -> NameTable {
    var rules = [
      Rule("token_embedding", "embeddings.token_embedding"),
      Rule("positional_embedding", "embeddings.position_embedding.weight"),
      Rule("ln_final", "final_layer_norm"),
      Rule("text_projection", "text_projection.weight", .transposed),
    ]
    for layer in 0..<layers {
      let (published, slot) = ("transformer.resblocks.\(layer)", "encoder.layers.\(layer)")
      rules += [
        ("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"), ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2"),
        ("attn.out_proj", "self_attn.out_proj"),
      ].map { Rule("\(published).\($0)", "\(slot).\($1)") }
      rules += ["weight", "bias"].map { kind in
        Rule(
          joined: "\(published).attn.in_proj_\(kind)",
          ["q_proj", "k_proj", "v_proj"].map { "\(slot).self_attn.\($0).\(kind)" })
      }
    }
    return NameTable(prefix: prefix, rules)
  }
}
