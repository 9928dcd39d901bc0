import Safetensors
import Tensors

/// The sizes of a denoiser, whatever its family.
package enum DenoiserConfig: Sendable, Equatable {
  case unet(UNetConfig)
  case flux(FluxConfig)
  case flux2(Flux2Config)
  case zImage(ZImageConfig)

  /// The classes of diffusers that are denoisers.
  static let classNames = [
    "UNet2DConditionModel", "FluxTransformer2DModel", "Flux2Transformer2DModel",
    "ZImageTransformer2DModel",
  ]

  /// The config of a class; nil for a class that is no denoiser known here.
  init?(_ file: ConfigFile, className: String) throws {
    switch className {
    case "UNet2DConditionModel": self = .unet(try UNetConfig(file))
    case "FluxTransformer2DModel": self = .flux(try FluxConfig(file))
    case "Flux2Transformer2DModel": self = .flux2(try Flux2Config(file))
    case "ZImageTransformer2DModel": self = .zImage(try ZImageConfig(file))
    default: return nil
    }
  }

  package var unet: UNetConfig? { if case .unet(let config) = self { config } else { nil } }

  package var family: ModelFamily {
    switch self {
    case .unet(let config): ModelFamily(config)
    case .flux: .flux
    case .flux2: .flux2
    case .zImage: .zImage
    }
  }

  /// What sets the denoiser apart within its family; nil where nothing does.
  package var variant: String? {
    switch self {
    case .unet(let config): config.variant
    case .flux(let config): config.variant
    case .flux2(let config): config.embedsGuidance ? "dev" : "klein"
    case .zImage: nil
    }
  }

  /// As messages call the model.
  package var modelName: String {
    ([family.rawValue] + [variant].compactMap(\.self)).joined(separator: " ")
  }

  /// Channels of the latents that the model takes, but for what some models see beside them.
  package var latentChannels: Int {
    switch self {
    case .unet(let config): config.outputChannels
    case .flux(let config): config.latentChannels
    case .flux2(let config): config.inputChannels
    case .zImage(let config): config.latentChannels
    }
  }

  /// Pixels of a latent along one side of what transformers take for a token; UNets that predict a flow are counted alike.
  var patchSize: Int {
    switch self {
    case .unet, .flux: FluxConfig.patchSize
    case .flux2: 1
    case .zImage: ZImageConfig.patchSize
    }
  }

  /// Width of the text's states.
  package var conditioningSize: Int {
    switch self {
    case .unet(let config): config.conditioningSize
    case .flux(let config): config.conditioningSize
    case .flux2(let config): config.conditioningSize
    case .zImage(let config): config.conditioningSize
    }
  }

  /// What is wrong with a latent of this shape; nil for one that the model takes.
  package func problem(ofLatent shape: [Int]) -> String? {
    guard shape.count == 4, [latentChannels, unet?.inputChannels].contains(shape[1]) else {
      return "the latent is \(shape); \(modelName) takes [n, \(latentChannels), h, w]"
    }
    return nil
  }

  /// Whether a guidance scale changes what the model predicts; UNets pass over one that they do not take.
  package var refusesGuidance: Bool {
    switch self {
    case .unet: false
    case .flux(let config): !config.embedsGuidance
    case .flux2(let config): !config.embedsGuidance
    case .zImage: true
    }
  }

  /// Whether the model looks at other pictures.
  package var takesReferences: Bool {
    switch self {
    case .flux(let config): config.takesReferences
    case .flux2: true
    case .unet, .zImage: false
    }
  }

  /// The most other pictures that the model looks at; nil where there is no most.
  package var mostReferences: Int? { if case .flux = self { 1 } else { nil } }

  /// What a transformer sees beside the latent: how many channels, and the node that makes them; nil where there are none.
  package var concat: (channels: Int, maker: String)? {
    guard case .flux(let config) = self, let tool = config.tool else { return nil }
    return (config.concatChannels, tool.maker)
  }

  /// How the layout that diffusers saves calls the weights.
  var names: NameTable { NameTable([NameTable.Rule("", "")]) }

  /// How the layout of the authors, and of GGUF files, calls the weights.
  var originalNames: NameTable {
    switch self {
    case .unet(let config): .originalUNet(UNetStructure(config))
    case .flux(let config):
      .originalFlux(blocks: config.layerCount, singleBlocks: config.singleLayerCount)
    case .flux2(let config):
      .originalFlux2(blocks: config.layerCount, singleBlocks: config.singleLayerCount)
    case .zImage(let config):
      .originalZImage(layers: config.layerCount, refiners: config.refinerCount)
    }
  }

  /// Builds the model, which for a survey accounts for every weight.
  ///
  /// Throws only where weights asked for in vain are too large to go on, and what reading them throws.
  func build(_ weights: WeightScope, pixelsPerLatent: Int) throws -> any Denoiser {
    switch self {
    case .unet(let config):
      UNetDenoiser(try UNet2DConditionModel(weights, config), pixelsPerLatent: pixelsPerLatent)
    case .flux(let config): try FluxTransformer2DModel(weights, config)
    case .flux2(let config): try Flux2Transformer2DModel(weights, config)
    case .zImage(let config): try ZImageTransformer2DModel(weights, config)
    }
  }
}
