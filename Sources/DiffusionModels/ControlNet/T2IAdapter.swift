import Foundation
import Safetensors
import Tensors
import Weights

/// What looks at a picture once and adds to the way down of a UNet, as diffusers' T2IAdapter.
///
/// Of the types full_adapter and full_adapter_xl. Source: Mou and others 2023.
package struct T2IAdapter: Sendable {
  package let config: T2IAdapterConfig
  private let convIn: Conv2d
  private let blocks: [AdapterBlock]

  init(_ weights: WeightScope, _ config: T2IAdapterConfig) throws {
    self.config = config
    let (widths, scope) = (config.channels, weights.scope("adapter"))
    convIn = try scope.conv(
      "conv_in", inputs: config.inputChannels * config.unshuffle * config.unshuffle, outputs: widths[0])
    blocks = try widths.indices.map { index in
      try AdapterBlock(
        scope.scope("body", index), inputs: widths[max(index - 1, 0)], outputs: widths[index],
        layers: config.layersPerBlock, halves: config.halves(index))
    }
  }

  /// What is added for pictures [n, 3, h, w] in 0...1, whose sides are multiples of `config.unshuffle`.
  ///
  /// Throws `ModelError` for others.
  package func callAsFunction(_ image: Tensor) throws -> ControlResiduals {
    let unit = config.unshuffle
    guard image.shape.count == 4, image.shape[1] == config.inputChannels, image.shape[2] % unit == 0,
      image.shape[3] % unit == 0, image.count > 0
    else {
      throw ModelError(
        "the picture is \(image.shape); the adapter takes [n, \(config.inputChannels), h, w] in multiples of \(unit)")
    }
    var x = convIn(image.channelsLast().pixelsUnshuffled(unit))
    return ControlResiduals(
      levels: blocks.map { block in
        x = block(x)
        return x.channelsFirst()
      })
  }
}

/// Residual blocks of one size, as diffusers' AdapterBlock.
private struct AdapterBlock: Sendable {
  private let halves: Bool
  private let convIn: Conv2d?
  private let layers: [(Conv2d, Conv2d)]

  init(_ weights: WeightScope, inputs: Int, outputs: Int, layers: Int, halves: Bool) throws {
    self.halves = halves
    convIn =
      inputs == outputs ? nil : try weights.conv("in_conv", inputs: inputs, outputs: outputs, kernel: 1, padding: 0)
    self.layers = try (0..<layers).map { layer in
      let scope = weights.scope("resnets", layer)
      return (
        try scope.conv("block1", inputs: outputs, outputs: outputs),
        try scope.conv("block2", inputs: outputs, outputs: outputs, kernel: 1, padding: 0)
      )
    }
  }

  /// [n, h, w, c] -> [n, h' , w', c'].
  func callAsFunction(_ x: Tensor) -> Tensor {
    var x = halves ? x.meansOfSquares() : x
    if let convIn { x = convIn(x) }
    for (first, second) in layers { x = second(first(x).rectified(slope: 0)) + x }
    return x
  }
}

extension Tensor {
  /// The mean of each square of two pixels a side, of what there is of it: [n, h, w, c] -> [n, (h + 1) / 2, (w + 1) / 2, c].
  fileprivate func meansOfSquares() -> Tensor {
    channelsFirst().resizedByMeans(height: (shape[1] + 1) / 2, width: (shape[2] + 1) / 2).channelsLast()
  }
}

/// The shape of an adapter, from `config.json` as diffusers' T2IAdapter reads it.
package struct T2IAdapterConfig: Sendable, Equatable {
  package let inputChannels: Int
  package let channels: [Int]
  package let layersPerBlock: Int
  /// Squares of so many pixels a side become channels first.
  package let unshuffle: Int
  private let isXL: Bool

  /// Whether block `index` halves its sides.
  func halves(_ index: Int) -> Bool { isXL ? index == 2 : index > 0 }

  /// Throws `ModelError` for a wrong type or a setting that is not supported.
  init(_ file: ConfigFile) throws {
    guard file.values["_class_name"] == .string("T2IAdapter") else {
      throw ModelError("\(file.path): is of no class T2IAdapter, which was expected")
    }
    try file.require("adapter_type", .string("full_adapter"), .string("full_adapter_xl"))
    isXL = file.values["adapter_type"] == .string("full_adapter_xl")
    inputChannels = try file.int("in_channels", default: 3)
    channels = try file.ints("channels", default: [320, 640, 1280, 1280])
    layersPerBlock = try file.int("num_res_blocks", default: 2, in: 1...1000)
    unshuffle = try file.int("downscale_factor", default: isXL ? 16 : 8, in: 1...64)
  }
}

extension T2IAdapter {
  /// The files of a folder that diffusers saved.
  ///
  /// Throws `ModelError` or `WeightFileError` for one that has no such adapter.
  package static func files(folder: String) throws -> [String] {
    _ = try T2IAdapterConfig(ConfigFile(path: "\(folder)/config.json"))
    return ["\(folder)/config.json"] + (try WeightFiles(in: folder, stem: ModelIndex.denoiserWeights).paths)
  }

  /// Throws `ModelError` or `WeightFileError` for a folder that has no such adapter, or weights that do not fit.
  package init(folder: String, precision: Precision, warn: (String) -> Void = { _ in }) throws {
    let config = try T2IAdapterConfig(ConfigFile(path: "\(folder)/config.json"))
    self = try Self.store(folder).load(precision: precision, warn: warn) { try T2IAdapter($0, config) }
  }

  /// Accounts for every weight without reading one.
  package static func survey(folder: String) throws {
    let config = try T2IAdapterConfig(ConfigFile(path: "\(folder)/config.json"))
    try store(folder).survey { try T2IAdapter($0, config) }
  }

  private static func store(_ folder: String) throws -> WeightStore {
    try WeightStore(WeightFiles(in: folder, stem: ModelIndex.denoiserWeights)) { [WeightPlace($0)] }
  }
}
