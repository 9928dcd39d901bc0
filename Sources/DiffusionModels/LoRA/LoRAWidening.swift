import Weights

/// LoRAs that make a model see more than it did: those of FLUX.1 Canny and Depth have twice dev's inputs in the layer that takes
/// tokens, whose weight has zeros there before they change it, as in diffusers' FluxLoraLoaderMixin.
struct LoRAWidening {
  private static let embedder = "x_embedder"

  /// The config of a model that a file changes: as it was, or of a model of FLUX.1 Tools.
  static func config(_ config: DenoiserConfig, changedBy file: LoRAFile) -> DenoiserConfig {
    guard case .flux(let flux) = config, flux.tool == nil else { return config }
    let names = LoRANames(denoiser: ["\(embedder).weight"], config)
    let module = file.modules.first { !names.places(of: $0.name).isEmpty }
    guard let inputs = module?.shape(.down)?.dropFirst().first, inputs > flux.inputChannels, inputs.isMultiple(of: 4)
    else {
      return config
    }
    let widened = flux.widened(to: inputs)
    return [.control, .fill].contains(widened.tool) ? .flux(widened) : config
  }

  /// Gives weights the columns that a config has.
  static func apply(_ config: DenoiserConfig, to weights: WeightStore) {
    if case .flux(let flux) = config { weights.widen("\(embedder).weight", to: flux.inputChannels) }
  }
}
