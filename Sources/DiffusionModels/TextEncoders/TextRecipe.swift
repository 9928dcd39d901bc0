/// Which text encoders a family has, and what it takes of them.
package enum TextRecipe: String, Sendable, CaseIterable {
  /// Stable Diffusion 1 and 2: CLIP's last states.
  case stableDiffusion = "stable-diffusion"
  /// SDXL: the states before the last layer of one or two CLIPs, and a pooled vector.
  case sdxl
  /// FLUX.1: T5's last states, and CLIP's pooled vector.
  case flux
  /// FLUX.2 klein: Qwen3's states after layers 9, 18 and 27, side by side.
  case flux2Klein = "flux2-klein"
  /// Z-Image: Qwen3's states before the last layer.
  case zImage = "z-image"

  /// Those of families that share an encoder, which does not tell for which of them it is.
  package static let sharingQwen3: [TextRecipe] = [.flux2Klein, .zImage]

  /// What encoders of these configs are for, as far as they tell; `stated` is what is known from elsewhere.
  init?(_ configs: [TextEncoderConfig], stated: TextRecipe?) {
    if configs.contains(where: \.isQwen3) {
      guard let stated, Self.sharingQwen3.contains(stated) else { return nil }
      self = stated
    } else if configs.contains(where: \.isT5) {
      self = .flux
    } else if let last = configs.last?.clip {
      self = last.projectionSize == nil && configs.count == 1 ? .stableDiffusion : .sdxl
    } else {
      return nil
    }
  }

  /// How many prompts there can be with encoders of these configs.
  package func promptCount(_ configs: [TextEncoderConfig]) -> Int {
    switch self {
    case .stableDiffusion, .sdxl: configs.count
    case .flux: 2
    case .flux2Klein, .zImage: 1
    }
  }

  /// The most layers that can be left out; nil where none can be.
  package func mostSkipped(_ configs: [TextEncoderConfig]) -> Int? {
    let layers = configs.compactMap(\.clip?.layerCount).min() ?? 1
    switch self {
    case .stableDiffusion: return layers - 1
    case .sdxl: return layers - 2
    case .flux, .flux2Klein, .zImage: return nil
    }
  }

  /// Whether the number of tokens is to choose.
  package var takesLength: Bool { self != .stableDiffusion && self != .sdxl }

  /// To how many tokens ComfyUI fills the family's texts up, cutting nothing; nil for CLIP, whose chunks are of one length.
  package var comfyUIFilledLength: Int? {
    switch self {
    case .flux: 256
    case .flux2Klein: 512
    case .zImage: 1
    case .stableDiffusion, .sdxl: nil
    }
  }

  /// How wide the states are that the family takes of encoders of these configs.
  package func stateSize(_ configs: [TextEncoderConfig]) -> Int {
    switch self {
    case .stableDiffusion, .sdxl: configs.reduce(0) { $0 + $1.hiddenSize }
    case .flux: configs.last?.hiddenSize ?? 0
    case .flux2Klein: 3 * (configs.last?.hiddenSize ?? 0)
    case .zImage: configs.last?.hiddenSize ?? 0
    }
  }

  /// The states of Qwen3 that the family takes: after so many of its layers, of which there are `count`.
  func depths(ofLayers count: Int) -> [Int] {
    switch self {
    case .flux2Klein: [9, 18, 27]
    case .zImage: [count - 1]
    case .stableDiffusion, .sdxl, .flux: []
    }
  }
}

extension TextRecipe {
  /// Refuses encoders that are not those of the family, or not all of them; `path` is the model's.
  func check(_ configs: [TextEncoderConfig], path: String) throws {
    switch self {
    case .stableDiffusion, .sdxl: break
    case .flux:
      guard configs.map(\.kind) == ["CLIP", "T5"] else {
        let found = configs.count == 1 ? "encoder is" : "encoders are"
        throw ModelError(
          "\(path): the text \(found) \(configs.map(\.kind).joined(separator: " and ")); CLIP-L and T5, the pair of FLUX.1, "
            + "were expected: 'path' and 'path_2' of LoadTextEncoder")
      }
    case .flux2Klein, .zImage:
      guard configs.count == 1, case .qwen3(let config) = configs[0] else {
        throw ModelError("\(path): \(configs.count) text encoders; Qwen3 alone was expected")
      }
      let needed = self == .flux2Klein ? depths(ofLayers: config.layerCount).last ?? 0 : 2
      guard config.layerCount >= needed else {
        throw ModelError(
          "\(path): the text encoder has \(config.layerCount) layers; \(needed) or more were expected for \(rawValue)")
      }
    }
  }

  /// Encoders that `check` lets pass as what the family takes of them.
  func combined(_ encoders: [TextEncoder], zeroesAbsentText: Bool) throws -> any TextEncoders {
    let clips = encoders.compactMap {
      if case .clip(let tokenizer?, let model) = $0 { (tokenizer, model) } else { nil }
    }
    switch self {
    case .stableDiffusion, .sdxl:
      return CLIPTextEncoders(clips, self, zeroesAbsentText: zeroesAbsentText)
    case .flux:
      let t5s = encoders.compactMap { if case .t5(let tokenizer?, let model) = $0 { (tokenizer, model) } else { nil } }
      if let clip = clips.first, let t5 = t5s.first { return FluxTextEncoders(clip: clip, t5: t5) }
    case .flux2Klein, .zImage:
      if case .qwen3(let tokenizer?, let model) = encoders.first {
        // Z-Image's texts are not filled up.
        guard self == .zImage || !tokenizer.padsLeft else {
          throw ModelError(
            "the tokenizer's 'padding_side' is left; right was expected, where texts are filled up, as FLUX.2 klein's are"
          )
        }
        return Qwen3TextEncoders(tokenizer: tokenizer, model: model, recipe: self)
      }
    }
    throw ModelError("the text encoders are not those of the family \(rawValue)")
  }
}
