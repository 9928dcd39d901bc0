import Foundation
import Safetensors
import Tensors
import Weights

/// The shape of a ControlNet: that of a UNet's way down, and the widths of what looks at the picture.
package struct ControlNetConfig: Sendable, Equatable {
  package let unet: UNetConfig
  /// Channels of the convolutions that see the picture; each but the first halves its sides.
  package let embeddingChannels: [Int]

  /// Pixels of the picture along one side of a latent pixel.
  package var pixelsPerLatent: Int { 1 << (embeddingChannels.count - 1) }

  /// From `config.json` as diffusers' ControlNetModel reads it.
  ///
  /// Throws `ModelError` for a wrong type, sizes that do not fit each other or a setting that is not supported.
  init(_ file: ConfigFile) throws {
    try file.require("controlnet_conditioning_channel_order", .string("rgb"))
    try file.require("conditioning_channels", .int(3))
    try file.require("global_pool_conditions", .bool(false))
    embeddingChannels = try file.ints("conditioning_embedding_out_channels", default: [16, 32, 96, 256])
    let down = try file.choices(
      "down_block_types",
      default: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
      of: ["CrossAttnDownBlock2D", "DownBlock2D"])
    // What a UNet has beside: the way up, as deep as the way down.
    var values = file.values
    values["up_block_types"] = .array(
      down.reversed().map { .string($0 == "DownBlock2D" ? "UpBlock2D" : "CrossAttnUpBlock2D") })
    unet = try UNetConfig(ConfigFile(path: file.path, values: values))
  }

  /// The config of a ControlNet whose weights are all that is known.
  ///
  /// Throws `ModelError` for sizes that no published model could have.
  init(_ structure: UNetStructure, _ shapes: WeightShapes) throws {
    unet = try UNetConfig(structure, shapes, pooledSize: nil)
    var widths = [try shapes.size("controlnet_cond_embedding.conv_in.weight", 0)]
    while widths.count < 8, shapes.has("controlnet_cond_embedding.blocks.\(2 * widths.count - 1).weight") {
      widths.append(try shapes.size("controlnet_cond_embedding.blocks.\(2 * widths.count - 1).weight", 0))
    }
    embeddingChannels = widths
  }
}

extension NameTable {
  /// A ControlNet in the original layout, that of its authors' cldm: the UNet's numbered blocks, and those of its own.
  static func originalControlNet(_ structure: UNetStructure, prefix: String, places: Int) -> NameTable {
    let unet = originalUNet(structure)
    var rules = unet.rulesOfNames
    for (index, slot) in (["conv_in"] + (0..<6).map { "blocks.\($0)" } + ["conv_out"]).enumerated() {
      rules.append(Rule("input_hint_block.\(2 * index)", "controlnet_cond_embedding.\(slot)"))
    }
    rules += (0..<places).map { Rule("zero_convs.\($0).0", "controlnet_down_blocks.\($0)") }
    rules.append(Rule("middle_block_out.0", "controlnet_mid_block"))
    return NameTable(prefix: prefix, rules)
  }
}

/// Where a ControlNet is: a folder as diffusers saves it, or a file, in its names or the authors'.
package struct ControlNetSource: Sendable {
  package let config: ControlNetConfig
  /// The files that decide what it computes.
  package let files: [String]
  private let store: @Sendable () throws -> WeightStore

  /// Reads a config, or names and shapes.
  ///
  /// Throws `ModelError` or `WeightFileError` for what is no ControlNet.
  package init(path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw ModelError("\(path): there is no such file or folder")
    }
    if isFolder.boolValue { try self.init(folder: path) } else { try self.init(file: path) }
  }

  private init(folder: String) throws {
    let file = try ConfigFile(path: "\(folder)/config.json")
    guard file.values["_class_name"] == .string("ControlNetModel") else {
      throw ModelError("\(file.path): is of no class ControlNetModel, which was expected")
    }
    config = try ControlNetConfig(file)
    let weights = try WeightFiles(in: folder, stem: ModelIndex.denoiserWeights)
    files = [file.path] + weights.paths
    store = {
      try WeightStore(WeightFiles(in: folder, stem: ModelIndex.denoiserWeights)) { [WeightPlace($0)] }
    }
  }

  private init(file path: String) throws {
    let file = try openTensorFile(path: path)
    let names = Set(file.names)
    let table: NameTable
    let structure: UNetStructure
    if names.contains("controlnet_cond_embedding.conv_in.weight") {
      structure = UNetStructure(diffusers: names.contains)
      table = .diffusersUNet()
    } else if let prefix = ["control_model.", ""].first(where: { names.contains("\($0)input_hint_block.0.weight") }) {
      structure = UNetStructure(original: { names.contains(prefix + $0) })
      let places = (0..<64).first { !names.contains("\(prefix)zero_convs.\($0).0.weight") } ?? 64
      table = .originalControlNet(structure, prefix: prefix, places: places)
    } else {
      throw ModelError(
        "\(path): no ControlNet: neither 'controlnet_cond_embedding.conv_in.weight' nor 'input_hint_block.0.weight' is there"
      )
    }
    config = try ControlNetConfig(structure, WeightShapes(file, table))
    files = [path]
    store = {
      try WeightStore(openTensorFile(path: path), nameOfSlot: table.name(ofSlot:)) { table.slots(of: $0) }
    }
  }

  /// Accounts for every weight without reading one.
  package func survey() throws { try store().survey { try ControlNetModel($0, config) } }

  /// Throws `WeightFileError` where weights do not fit.
  package func load(precision: Precision, warn: (String) -> Void = { _ in }) throws -> ControlNetModel {
    try store().load(precision: precision, warn: warn) { try ControlNetModel($0, config) }
  }
}
