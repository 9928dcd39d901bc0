import DiffusionModels
import GraphEngine
import Safetensors
import Tensors

/// A Stable Diffusion model in the diffusers layout, as handles to its parts.
package struct LoadModel: Node {
  package static let info = NodeInfo(
    type: "LoadModel", version: 1, lane: .inline, summary: "Opens a model folder; parts are loaded when first used.")

  let path = Parameter<String>("path", "A folder in the diffusers layout, with model_index.json.", path: .read)
  let precision = Parameter(
    "precision", "What matrix products compute in; auto picks bf16 where the processor has instructions for it.",
    default: "f32", options: Precision.allCases.map(\.rawValue) + ["auto"])
  let unet = Output<UNetHandle>("unet", "The denoiser, with the model's noise schedule.")
  let clip = Output<CLIPHandle>("clip", "The text encoder and its tokenizer.")
  let vae = Output<VAEHandle>("vae", "The autoencoder.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    let choice = Precision(rawValue: parameters[precision]) ?? (Precision.bf16.isSupported ? .bf16 : .f32)
    guard choice.isSupported else {
      throw NodeFailure("this processor cannot compute in \(choice.rawValue); expected f32 or auto", at: precision.name)
    }
    parameters[precision] = choice.rawValue
  }

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    let folder = try open(parameters[path])
    return try failing {
      try ModelFolder.Part.allCases.flatMap { part in
        try folder.files(of: part).map { NodeSource($0, outputs: [part.rawValue]) }
      }
    }
  }

  package func run(_ io: inout NodeIO) throws {
    let (name, precision) = (io[path], Precision(rawValue: io[precision]) ?? .f32)
    let folder = { [warn = io.warn, port = path.name] in
      try open(name, precision) { warn($0, port) }
    }
    io[unet] = UNetHandle(folder: try folder(), loading: LoadReport(io.reportLoaded))
    io[clip] = CLIPHandle(folder: try folder(), loading: LoadReport(io.reportLoaded))
    io[vae] = VAEHandle(folder: try folder(), loading: LoadReport(io.reportLoaded))
  }

  private func open(
    _ path: String, _ precision: Precision = .f32, warn: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> ModelFolder {
    try failing { try ModelFolder(path: path, precision: precision, warn: warn) }
  }

  /// Tells a model's errors at the line of `path`.
  private func failing<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: path.name)
    } catch let error as SafetensorsError {
      throw NodeFailure(error.message, at: path.name)
    }
  }
}
