import DiffusionModels
import GraphEngine
import Safetensors
import Tensors

/// A latent from a file of ComfyUI's SaveLatent.
package struct LoadLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "LoadLatent", version: 1, lane: .io, summary: "Reads a latent that ComfyUI or SaveLatent saved.")

  let vae = LatentScalePorts()
  let path = Parameter<String>("path", "A .latent file, safetensors inside.", path: .read)
  let latent = Output<Latent>("latent", "The latent, clean, in the model's scale.")

  package init() {}

  package func sources(_ parameters: NodeParameters) -> [NodeSource] { [NodeSource(parameters[path])] }

  package func forecast(_ io: inout NodeForecast) {
    vae.settle(&io)
    io[latent] = LatentForecast(level: .clean)
  }

  /// Files of before the mark of their version were in the scale of Stable Diffusion 1.
  private static let oldFactor: Float = 0.18215

  package func run(_ io: inout NodeIO) throws {
    do {
      let file = try SafetensorsReader(path: io[path])
      guard file.names.contains(SaveLatent.tensorName) else {
        throw NodeFailure(
          "'\(io[path])' holds no '\(SaveLatent.tensorName)'; a latent that ComfyUI saved was expected", at: path.name)
      }
      var stored = try file.tensor(SaveLatent.tensorName)
      guard stored.shape.count == 4 else {
        throw NodeFailure("the latent is \(stored.shape); [n, c, h, w] was expected", at: path.name)
      }
      if !file.names.contains(SaveLatent.versionName) { stored = stored / Self.oldFactor }
      let (factor, shift) = vae.scale(io)
      // Nothing is nothing on both sides.
      let isEmpty = stored.withUnsafeBufferPointer { $0.allSatisfy { $0 == 0 } }
      let centred = shift == 0 || isEmpty ? stored : stored - Tensor(repeating: shift, shape: stored.shape)
      io[latent] = Latent(factor * centred, level: .clean)
    } catch let error as WeightFileError {
      throw NodeFailure(error.message, at: path.name)
    }
  }
}
