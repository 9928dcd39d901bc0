extension NameTable {
  /// A VAE as diffusers saves it.
  package static func diffusersVAE(prefix: String = "") -> NameTable {
    // Checkpoints from before diffusers 0.12 have other names in the attentions.
    NameTable(
      prefix: prefix,
      [Rule("", "")]
        + ["encoder", "decoder"].flatMap { part in
          [("query", "to_q"), ("key", "to_k"), ("value", "to_v"), ("proj_attn", "to_out.0")].map {
            Rule("\(part).mid_block.attentions.0.\($0)", "\(part).mid_block.attentions.0.\($1)")
          }
        })
  }

  /// A VAE of `levels` levels with `layers` residual blocks on the way down, in the original layout, that of CompVis'
  /// taming-transformers: the way up is numbered from the outside.
  package static func originalVAE(levels: Int, layers: Int, prefix: String = "") -> NameTable {
    // FLUX.2's VAE has these inside the encoder and the decoder, and statistics of its latents.
    var rules = [
      Rule("quant_conv", "quant_conv"), Rule("post_quant_conv", "post_quant_conv"),
      Rule("encoder.quant_conv", "quant_conv"), Rule("decoder.post_quant_conv", "post_quant_conv"),
      Rule("bn", "bn"),
    ]
    for part in ["encoder", "decoder"] {
      rules += [
        Rule("\(part).conv_in", "\(part).conv_in"), Rule("\(part).norm_out", "\(part).conv_norm_out"),
        Rule("\(part).conv_out", "\(part).conv_out"),
      ]
      rules += residualBlock("\(part).mid.block_1", "\(part).mid_block.resnets.0")
      rules += residualBlock("\(part).mid.block_2", "\(part).mid_block.resnets.1")
      rules += [("norm", "group_norm"), ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0")].map {
        Rule("\(part).mid.attn_1.\($0)", "\(part).mid_block.attentions.0.\($1)")
      }
    }
    for level in 0..<levels {
      for layer in 0..<layers {
        rules += residualBlock("encoder.down.\(level).block.\(layer)", "encoder.down_blocks.\(level).resnets.\(layer)")
      }
      rules.append(
        Rule("encoder.down.\(level).downsample.conv", "encoder.down_blocks.\(level).downsamplers.0.conv"))
      let position = levels - 1 - level
      for layer in 0...layers {
        rules += residualBlock("decoder.up.\(level).block.\(layer)", "decoder.up_blocks.\(position).resnets.\(layer)")
      }
      rules.append(Rule("decoder.up.\(level).upsample.conv", "decoder.up_blocks.\(position).upsamplers.0.conv"))
    }
    return NameTable(prefix: prefix, rules)
  }

  private static func residualBlock(_ published: String, _ slot: String) -> [Rule] {
    ["norm1", "conv1", "norm2", "conv2"].map { Rule("\(published).\($0)", "\(slot).\($0)") }
      + [Rule("\(published).nin_shortcut", "\(slot).conv_shortcut")]
  }
}
