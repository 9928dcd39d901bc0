import Foundation
import Safetensors

/// Where a model's parts come from.
///
/// What a part is called there, and how many files it takes, no one else knows.
package protocol ModelSource: Sendable {
  var path: String { get }
  /// Nil where there is no such part.
  var denoiserConfig: DenoiserConfig? { get }
  /// One for each text encoder, in the order in which their states are joined.
  var textConfigs: [TextEncoderConfig] { get }
  var vaeConfig: AutoencoderConfig? { get }
  /// What the text encoders are for, where something beside them tells.
  var statedRecipe: TextRecipe? { get }
  /// Whether a text that is left out is zeros, and not the empty text (`force_zeros_for_empty_prompt`).
  var zeroesAbsentText: Bool { get }

  func files(of part: Model.Part) throws -> [String]
  func schedulerConfig() throws -> SchedulerConfig
  func denoiserWeights() throws -> WeightStore
  func textWeights(_ index: Int) throws -> WeightStore
  func tokenizer(_ index: Int) throws -> TokenizerSource
  func vaeWeights() throws -> WeightStore
}

extension ModelSource {
  var statedRecipe: TextRecipe? { nil }
}

/// Opens what is at `path` by what it is.
func openModelSource(path: String) throws -> any ModelSource {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
    throw ModelError("\(path): there is no such file or folder")
  }
  guard isFolder.boolValue else { return try ModelFile.open(path: path) }
  let isModel = FileManager.default.fileExists(atPath: "\(path)/model_index.json")
  if !isModel, let part = try PartFolder(path: path) { return part }
  return try ModelFolder(path: path)
}

extension ModelSource {
  var unetConfig: UNetConfig? { denoiserConfig?.unet }

  /// Refuses parts that could not work on each other's tensors.
  func checkFit() throws {
    if let denoiserConfig, unetConfig == nil { try checkFit(of: denoiserConfig) }
    let width = textConfigs.reduce(0) { $0 + $1.hiddenSize }
    if let unetConfig, width > 0, unetConfig.conditioningSize != width {
      let widths = textConfigs.map { "\($0.hiddenSize)" }.joined(separator: " + ")
      throw ModelError(
        "\(path): the UNet's 'cross_attention_dim' is \(unetConfig.conditioningSize) and the text encoder's "
          + "'hidden_size' is \(widths); the same number was expected")
    }
    guard let unetConfig, let vaeConfig else { return }
    let channels = vaeConfig.modelChannels
    // Inpainting models also see a mask and a masked picture, and instruct-pix2pix a picture.
    guard [channels, 2 * channels, 2 * channels + 1].contains(unetConfig.inputChannels) else {
      throw ModelError(
        "\(path): the UNet's 'in_channels' is \(unetConfig.inputChannels) and the VAE's 'latent_channels' is "
          + "\(channels); the same number was expected, or \(2 * channels) or \(2 * channels + 1) of a model that also "
          + "sees a picture")
    }
    guard unetConfig.outputChannels == channels else {
      throw ModelError(
        "\(path): the UNet's 'out_channels' is \(unetConfig.outputChannels) and the VAE's 'latent_channels' is "
          + "\(channels); the same number was expected")
    }
  }

  private func checkFit(of denoiser: DenoiserConfig) throws {
    guard let vaeConfig, vaeConfig.modelChannels != denoiser.latentChannels else { return }
    throw ModelError(
      "\(path): the transformer takes latents of \(denoiser.latentChannels) channels and the VAE makes them of "
        + "\(vaeConfig.modelChannels); the same number was expected")
  }
}
