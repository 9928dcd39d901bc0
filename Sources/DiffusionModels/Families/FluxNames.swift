extension NameTable {
  /// FLUX.1's transformer as diffusers saves it: the slots themselves.
  package static func diffusersFlux(prefix: String = "") -> NameTable { NameTable(prefix: prefix, [Rule("", "")]) }

  /// FLUX.1's transformer of so many blocks in its authors' layout, where one tensor joins projections.
  package static func originalFlux(blocks: Int, singleBlocks: Int, prefix: String = "") -> NameTable {
    var rules = [
      Rule("img_in", "x_embedder"), Rule("txt_in", "context_embedder"), Rule("final_layer.linear", "proj_out"),
    ]
    rules += exchanged("final_layer.adaLN_modulation.1", "norm_out.linear")
    for (published, slot) in [
      ("time_in", "timestep_embedder"), ("guidance_in", "guidance_embedder"), ("vector_in", "text_embedder"),
    ] {
      rules += embedding(published, "time_text_embed.\(slot)")
    }
    for block in 0..<blocks {
      let (published, slot) = ("double_blocks.\(block)", "transformer_blocks.\(block)")
      rules += jointAttention(published, "\(slot).attn")
      for (stream, suffix) in [("img", ""), ("txt", "_context")] {
        rules += [
          Rule("\(published).\(stream)_mod.lin", "\(slot).norm1\(suffix).linear"),
          Rule("\(published).\(stream)_mlp.0", "\(slot).ff\(suffix).net.0.proj"),
          Rule("\(published).\(stream)_mlp.2", "\(slot).ff\(suffix).net.2"),
        ]
      }
    }
    for block in 0..<singleBlocks {
      let (published, slot) = ("single_blocks.\(block)", "single_transformer_blocks.\(block)")
      rules += ["weight", "bias"].map { kind in
        Rule(
          joined: "\(published).linear1.\(kind)",
          ["to_q", "to_k", "to_v"].map { ("\(slot).attn.\($0).\(kind)", 1) } + [("\(slot).proj_mlp.\(kind)", 4)])
      }
      rules += [
        Rule("\(published).linear2", "\(slot).proj_out"), Rule("\(published).modulation.lin", "\(slot).norm.linear"),
      ]
      rules += norms("\(published).norm", query: "\(slot).attn.norm_q", key: "\(slot).attn.norm_k")
    }
    return NameTable(prefix: prefix, rules)
  }

  /// FLUX.2's transformer as diffusers saves it: the slots themselves.
  package static func diffusersFlux2(prefix: String = "") -> NameTable { NameTable(prefix: prefix, [Rule("", "")]) }

  /// FLUX.2's transformer of so many blocks in its authors' layout.
  package static func originalFlux2(blocks: Int, singleBlocks: Int, prefix: String = "") -> NameTable {
    var rules = [
      Rule("img_in", "x_embedder"), Rule("txt_in", "context_embedder"), Rule("final_layer.linear", "proj_out"),
    ]
    rules += exchanged("final_layer.adaLN_modulation.1", "norm_out.linear")
    for (published, slot) in [("time_in", "timestep_embedder"), ("guidance_in", "guidance_embedder")] {
      rules += embedding(published, "time_guidance_embed.\(slot)")
    }
    rules += ["double_stream_modulation_img", "double_stream_modulation_txt", "single_stream_modulation"].map {
      Rule("\($0).lin", "\($0).linear")
    }
    for block in 0..<blocks {
      let (published, slot) = ("double_blocks.\(block)", "transformer_blocks.\(block)")
      rules += jointAttention(published, "\(slot).attn")
      for (stream, suffix) in [("img", ""), ("txt", "_context")] {
        rules += [
          Rule("\(published).\(stream)_mlp.0", "\(slot).ff\(suffix).linear_in"),
          Rule("\(published).\(stream)_mlp.2", "\(slot).ff\(suffix).linear_out"),
        ]
      }
    }
    for block in 0..<singleBlocks {
      let (published, slot) = ("single_blocks.\(block)", "single_transformer_blocks.\(block).attn")
      rules += [
        Rule("\(published).linear1", "\(slot).to_qkv_mlp_proj"), Rule("\(published).linear2", "\(slot).to_out"),
      ]
      rules += norms("\(published).norm", query: "\(slot).norm_q", key: "\(slot).norm_k")
    }
    return NameTable(prefix: prefix, rules)
  }

  // MARK: - Pieces of both

  /// The authors' last modulation gives shift, then scale; diffusers' the other way round.
  private static func exchanged(_ published: String, _ slot: String) -> [Rule] {
    ["weight", "bias"].map { Rule("\(published).\($0)", "\(slot).\($0)", .halvesExchanged) }
  }

  private static func embedding(_ published: String, _ slot: String) -> [Rule] {
    [Rule("\(published).in_layer", "\(slot).linear_1"), Rule("\(published).out_layer", "\(slot).linear_2")]
  }

  private static func jointAttention(_ published: String, _ slot: String) -> [Rule] {
    let streams = [
      ("img", ["to_q", "to_k", "to_v"], "to_out.0", "norm_q", "norm_k"),
      ("txt", ["add_q_proj", "add_k_proj", "add_v_proj"], "to_add_out", "norm_added_q", "norm_added_k"),
    ]
    return streams.flatMap { stream, projections, out, queryNorm, keyNorm in
      ["weight", "bias"].map { kind in
        Rule(joined: "\(published).\(stream)_attn.qkv.\(kind)", projections.map { "\(slot).\($0).\(kind)" })
      } + [Rule("\(published).\(stream)_attn.proj", "\(slot).\(out)")]
        + norms("\(published).\(stream)_attn.norm", query: "\(slot).\(queryNorm)", key: "\(slot).\(keyNorm)")
    }
  }

  /// A norm's weight is called its scale, and in some files weight.
  private static func norms(_ published: String, query: String, key: String) -> [Rule] {
    [("query_norm", query), ("key_norm", key)].flatMap { norm, slot in
      ["scale", "weight"].map { Rule("\(published).\(norm).\($0)", "\(slot).weight") }
    }
  }
}
