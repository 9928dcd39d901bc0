/// Which blocks a UNet has, found from the names of its weights alone.
package struct UNetStructure: Sendable, Equatable {
  package struct Level: Sendable, Equatable {
    /// How many residual blocks the way down has; the way up has one more.
    var layerCount = 0
    /// Transformer blocks in each attention, 0 where there is none.
    var downDepth = 0
    var upDepth = 0
  }

  /// Outermost first.
  var levels: [Level] = []
  /// Transformer blocks in the middle.
  var middleDepth = 0

  /// From names in the original layout; `has` tells whether there is a weight of this name.
  init(original has: (String) -> Bool) {
    var level = Level()
    var block = 1
    while true {
      if has("input_blocks.\(block).0.op.weight") {
        levels.append(level)
        level = Level()
      } else if has("input_blocks.\(block).0.in_layers.0.weight") {
        level.layerCount += 1
        level.downDepth = max(level.downDepth, Self.depth("input_blocks.\(block).1", has))
      } else {
        break
      }
      block += 1
    }
    levels.append(level)
    middleDepth = Self.depth("middle_block.1", has)
    block = 0
    for index in levels.indices.reversed() {
      for _ in 0...levels[index].layerCount {
        levels[index].upDepth = max(levels[index].upDepth, Self.depth("output_blocks.\(block).1", has))
        block += 1
      }
    }
  }

  /// From names in diffusers' layout.
  init(diffusers has: (String) -> Bool) {
    while has("down_blocks.\(levels.count).resnets.0.norm1.weight") {
      let scope = "down_blocks.\(levels.count)"
      var level = Level()
      while has("\(scope).resnets.\(level.layerCount).norm1.weight") { level.layerCount += 1 }
      level.downDepth = Self.depth("\(scope).attentions.0", has)
      levels.append(level)
    }
    middleDepth = Self.depth("mid_block.attentions.0", has)
    for index in levels.indices {
      levels[index].upDepth = Self.depth("up_blocks.\(levels.count - 1 - index).attentions.0", has)
    }
  }

  /// From a config.
  package init(_ config: UNetConfig) {
    levels = config.levels.map { level in
      Level(
        layerCount: level.layerCount, downDepth: level.downHasAttention ? level.transformerLayerCount : 0,
        upDepth: level.upHasAttention ? level.transformerLayerCount : 0)
    }
    middleDepth = config.levels.last?.transformerLayerCount ?? 0
  }

  private static func depth(_ attention: String, _ has: (String) -> Bool) -> Int {
    var depth = 0
    while has("\(attention).transformer_blocks.\(depth).norm1.weight") { depth += 1 }
    return depth
  }
}
