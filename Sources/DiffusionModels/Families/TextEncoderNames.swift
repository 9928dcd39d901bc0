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

  /// A T5 encoder as transformers saves it; some files have the vocabulary's table under the encoder's own name.
  package static func transformersT5(prefix: String = "", tableIsEncoders: Bool = false) -> NameTable {
    NameTable(prefix: prefix, (tableIsEncoders ? [Rule("encoder.embed_tokens", "shared")] : []) + [Rule("", "")])
  }

  /// A T5 encoder of `layers` layers as llama.cpp's GGUF files have it.
  package static func ggufT5(layers: Int) -> NameTable {
    var rules = [
      Rule("token_embd", "shared"), Rule("enc.output_norm", "encoder.final_layer_norm"),
      Rule("enc.blk.0.attn_rel_b", "encoder.block.0.layer.0.SelfAttention.relative_attention_bias"),
    ]
    for layer in 0..<layers {
      rules += [
        ("attn_q", "0.SelfAttention.q"), ("attn_k", "0.SelfAttention.k"), ("attn_v", "0.SelfAttention.v"),
        ("attn_o", "0.SelfAttention.o"), ("attn_norm", "0.layer_norm"), ("ffn_gate", "1.DenseReluDense.wi_0"),
        ("ffn_up", "1.DenseReluDense.wi_1"), ("ffn_down", "1.DenseReluDense.wo"), ("ffn_norm", "1.layer_norm"),
      ].map { Rule("enc.blk.\(layer).\($0)", "encoder.block.\(layer).layer.\($1)") }
    }
    return NameTable(rules)
  }

  /// A Qwen3 language model as transformers saves it, with or without the `model.` of a model that writes.
  package static func transformersQwen3(prefix: String = "") -> NameTable {
    NameTable(prefix: prefix, [Rule("model", ""), Rule("", "")])
  }

  /// A Qwen3 language model of `layers` layers as llama.cpp's GGUF files have it.
  package static func ggufQwen3(layers: Int) -> NameTable {
    var rules = [Rule("token_embd", "embed_tokens"), Rule("output_norm", "norm"), Rule("output", "lm_head")]
    for layer in 0..<layers {
      rules += [
        ("attn_q", "self_attn.q_proj"), ("attn_k", "self_attn.k_proj"), ("attn_v", "self_attn.v_proj"),
        ("attn_output", "self_attn.o_proj"), ("attn_q_norm", "self_attn.q_norm"), ("attn_k_norm", "self_attn.k_norm"),
        ("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm"), ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"), ("ffn_down", "mlp.down_proj"),
      ].map { Rule("blk.\(layer).\($0)", "layers.\(layer).\($1)") }
    }
    return NameTable(rules)
  }
}
