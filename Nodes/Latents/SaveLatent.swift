import DiffusionModels
import GraphEngine
import Safetensors
import Tensors

/// A latent as ComfyUI's SaveLatent writes it: on the VAE's side, x / factor + shift.
///
/// A noisy latent is stored as ComfyUI stores one, divided by its signal.
package struct SaveLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "SaveLatent", version: 1, lane: .io, summary: "Writes a latent to a file that ComfyUI reads.", isSink: true)

  static let tensorName = "latent_tensor"
  static let versionName = "latent_format_version_0"

  let latent = Input<Latent>("latent", "The latent, clean or noisy.")
  let vae = LatentScalePorts()
  let path = Parameter<String>("path", "The file to write; missing folders are created.", path: .write)

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    if let refusal = FileEnding.refusal(
      of: parameters[path], written: ["latent", "safetensors"], kind: "a latent of ComfyUI's")
    {
      throw NodeFailure(refusal.message, at: path.name)
    }
  }

  package func forecast(_ io: inout NodeForecast) throws {
    vae.settle(&io)
    if let level = io[latent]?.level { try require(level) }
  }

  private func require(_ level: NoiseLevel) throws {
    guard level.signal == 0 else { return }
    throw NodeFailure("the latent is pure noise, at level 0, which is not divided by its signal", at: latent.name)
  }

  package func run(_ io: inout NodeIO) throws {
    let value = io[latent]
    let level = value.level ?? .clean
    try require(level)
    let (factor, shift) = vae.scale(io)
    let scaled = value.tensor / (factor * Float(level.signal))
    var file = SafetensorsWriter(metadata: [:])
    file.add(Self.tensorName, shift == 0 ? scaled : scaled + Tensor(repeating: shift, shape: scaled.shape))
    file.add(Self.versionName, Tensor(shape: [0], values: []))
    do {
      try io.claim(io[path], WholeFile.place(of: io[path]))
      try WholeFile.write(file.bytes(), to: io[path], kind: .safetensors)
    } catch let error as FileError {
      throw NodeFailure(error.message, at: path.name)
    }
    io.reportWritten(io[path])
  }
}
