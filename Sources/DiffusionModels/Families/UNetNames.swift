extension NameTable {
  /// A UNet as diffusers saves it: the slots themselves.
  package static func diffusersUNet(prefix: String = "") -> NameTable { NameTable(prefix: prefix, [Rule("", "")]) }

  /// A UNet in the original layout, that of CompVis' latent-diffusion and Stability's generative-models: numbered blocks in
  /// one row, where diffusers nests levels.
  package static func originalUNet(_ structure: UNetStructure, prefix: String = "") -> NameTable {
    var rules = [
      Rule("time_embed.0", "time_embedding.linear_1"), Rule("time_embed.2", "time_embedding.linear_2"),
      Rule("time_embed.cond_proj", "time_embedding.cond_proj"),
      Rule("time_embedding.cond_proj", "time_embedding.cond_proj"),
      Rule("label_emb.0.0", "add_embedding.linear_1"), Rule("label_emb.0.2", "add_embedding.linear_2"),
      Rule("input_blocks.0.0", "conv_in"), Rule("out.0", "conv_norm_out"), Rule("out.2", "conv_out"),
      Rule("middle_block.1", "mid_block.attentions.0"),
    ]
    rules += residualBlock("middle_block.0", "mid_block.resnets.0")
    rules += residualBlock("middle_block.2", "mid_block.resnets.1")
    var block = 1
    for (index, level) in structure.levels.enumerated() {
      for layer in 0..<level.layerCount {
        rules += residualBlock("input_blocks.\(block).0", "down_blocks.\(index).resnets.\(layer)")
        if level.downDepth > 0 {
          rules.append(Rule("input_blocks.\(block).1", "down_blocks.\(index).attentions.\(layer)"))
        }
        block += 1
      }
      if index < structure.levels.count - 1 {
        rules.append(Rule("input_blocks.\(block).0.op", "down_blocks.\(index).downsamplers.0.conv"))
        block += 1
      }
    }
    block = 0
    for (position, level) in structure.levels.reversed().enumerated() {
      for layer in 0...level.layerCount {
        rules += residualBlock("output_blocks.\(block).0", "up_blocks.\(position).resnets.\(layer)")
        if level.upDepth > 0 {
          rules.append(Rule("output_blocks.\(block).1", "up_blocks.\(position).attentions.\(layer)"))
        }
        if layer == level.layerCount, position < structure.levels.count - 1 {
          rules.append(
            Rule(
              "output_blocks.\(block).\(level.upDepth > 0 ? 2 : 1).conv", "up_blocks.\(position).upsamplers.0.conv"))
        }
        block += 1
      }
    }
    return NameTable(prefix: prefix, rules)
  }

  private static func residualBlock(_ published: String, _ slot: String) -> [Rule] {
    [
      ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"), ("out_layers.0", "norm2"),
      ("out_layers.3", "conv2"), ("skip_connection", "conv_shortcut"),
    ].map { Rule("\(published).\($0)", "\(slot).\($1)") }
  }
}
