import Foundation
import Safetensors
import Tensors
import TestSupport

/// A ControlNet for the demo model: its UNet's way down, as training begins, with layers of random numbers in place of those
/// that begin as zeros.
enum DemoControlNet {
  static func write(to folder: URL) throws {
    let unet = URL(filePath: Repository.demoModel).appending(path: "unet")
    var config =
      try JSONSerialization.jsonObject(with: Data(contentsOf: unet.appending(path: "config.json"))) as? [String: Any]
      ?? [:]
    config["_class_name"] = "ControlNetModel"
    config["conditioning_embedding_out_channels"] = [16, 32, 64]
    for key in ["up_block_types", "out_channels", "sample_size", "center_input_sample"] { config[key] = nil }
    let file = try SafetensorsReader(path: unet.appending(path: "diffusion_pytorch_model.safetensors").path)
    var writer = SafetensorsWriter()
    for name in file.names
    where ["conv_in.", "time_embedding.", "down_blocks.", "mid_block."].contains(where: name.hasPrefix) {
      writer.add(name, try file.tensor(name), as: .f16)
    }
    func add(_ name: String, _ shape: [Int], scale: Double) {
      writer.add("\(name).weight", SeededTensor(name, shape, scale: scale).tensor, as: .f16)
      writer.add("\(name).bias", SeededTensor("\(name).bias", [shape[0]], scale: 0.1).tensor, as: .f16)
    }
    let seen = "controlnet_cond_embedding"
    let widths = [
      ("conv_in", 3, 16), ("blocks.0", 16, 16), ("blocks.1", 16, 32), ("blocks.2", 32, 32), ("blocks.3", 32, 64),
    ]
    for (name, inputs, outputs) in widths + [("conv_out", 64, 64)] {
      add("\(seen).\(name)", [outputs, inputs, 3, 3], scale: 0.2)
    }
    for (index, channels) in [64, 64, 64, 96, 96, 160].enumerated() {
      add("controlnet_down_blocks.\(index)", [channels, channels, 1, 1], scale: 0.02)
    }
    add("controlnet_mid_block", [160, 160, 1, 1], scale: 0.02)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try JSONSerialization.data(withJSONObject: config).write(to: folder.appending(path: "config.json"))
    try Data(writer.bytes()).write(to: folder.appending(path: "diffusion_pytorch_model.safetensors"))
  }
}
