/// What an output of a node stands for, which may be more than a wire: a sampler of ComfyUI is a word, and its noise a seed.
enum Meaning {
  /// Nothing here says it; the number is that of a cause.
  case broken(Int)
  case model(ModelMeaning)
  case clip(TextEncoderMeaning)
  case conditioning(ConditioningMeaning)
  case latent(LatentMeaning)
  case vae(SketchWire)
  case image(SketchWire)
  case mask(SketchWire)
  case upscaler(SketchWire)
  case controlNet(SketchWire)
  case pictureEncoder(SketchWire)
  /// The node that encodes.
  case encodedPicture(Int)
  case styleModel(SketchWire)
  case modelPatch(SketchWire)
  case noise(NoiseMeaning)
  case sampler(SamplerMeaning)
  case sigmas(SigmasMeaning)
  case guider(GuiderMeaning)
  /// A side of a picture that is known when it runs.
  case size(of: SketchWire, isWidth: Bool)
  /// How many pictures there are.
  case count
}

/// The families of models that an imported workflow has to tell apart.
enum ComfyFamily: Hashable {
  case stableDiffusion, sdxl, sdxlRefiner, flux, fluxSchnell, flux2, flux2Klein, zImage

  /// Those whose text encoders take brackets as they are.
  var takesPlainText: Bool { self == .flux2Klein || self == .flux2 || self == .zImage }
  var isFlow: Bool { ![.stableDiffusion, .sdxl, .sdxlRefiner].contains(self) }
  /// What latents are multiplied by after something is taken from them, on their way from the VAE; nil for Stable Diffusion's.
  var latentScale: (factor: String, shift: String)? {
    switch self {
    case .stableDiffusion: nil
    case .sdxl, .sdxlRefiner: ("0.13025", "0")
    case .flux, .fluxSchnell, .zImage: ("0.3611", "0.1159")
    case .flux2, .flux2Klein: ("1", "0")
    }
  }

  /// Whether it is told a guidance scale.
  var takesGuidance: Bool { self == .flux || self == .flux2 }
}

struct ModelMeaning {
  var wire: SketchWire
  var family: ComfyFamily?
  /// Of NoiseSchedule: what nodes changed of the model's noise.
  var noise: [(name: String, value: SketchValue)] = []
  /// Whether grey in a mask is drawn from a later step on.
  var isDifferential = false
  /// Params of a sampler's graph: what nodes changed of guidance, in the order in which it takes them.
  var guidance: [(name: String, value: SketchValue)] = []
  /// Pictures whose style it takes, each with what projects it, in the order in which they were put there.
  var styles: [(projector: SketchWire, picture: Int)] = []
  /// Whether its table of sigmas has 10 000 entries.
  var hasLongTable: Bool
}

struct TextEncoderMeaning {
  var wire: SketchWire
  var family: ComfyFamily?
  /// As CLIPSetLastLayer counts: -1 is the last.
  var lastLayer: Int?
}

/// What a model is told: one prompt, or several that act together or one after another.
struct ConditioningMeaning {
  /// The predictions for those that act are averaged.
  var prompts: [PromptMeaning]

  init(_ prompts: [PromptMeaning]) { self.prompts = prompts }

  /// The same with something changed of each prompt.
  func each(_ change: (inout PromptMeaning) -> Void) -> ConditioningMeaning {
    ConditioningMeaning(
      prompts.map { prompt in
        var prompt = prompt
        change(&prompt)
        return prompt
      })
  }

  /// The nodes that encode its texts.
  var texts: [Int] {
    var texts: [Int] = []
    for text in prompts.flatMap(\.texts) where !texts.contains(text) { texts.append(text) }
    return Array(texts.prefix(16))
  }
}

struct PromptMeaning {
  var wire: SketchWire
  /// As FluxGuidance sets it; nil where none did.
  var guidance: SketchValue?
  var isUnguided = false
  /// Latents of pictures to go by.
  var references: [SketchWire] = []
  /// Whether they lie beyond the picture.
  var placesReferencesBeyond = false
  /// What a model of inpainting sees beside the latent.
  var concat: SketchWire?
  /// In the order in which they were applied.
  var controls: [ControlMeaning] = []
  /// Pictures in place of the pooled vector.
  var pictures: [PooledPicture] = []
  /// When it acts; nil for always.
  var part: RunPart?
  /// The nodes that encode its texts.
  var texts: [Int]

  /// What a model is told that takes guidance: 3.5 where nothing says otherwise.
  var toldGuidance: SketchValue { guidance ?? .plain("3.5") }
}

/// A picture whose vector is told to SDXL.
struct PooledPicture: Equatable {
  var vector: SketchWire
  var strength: SketchValue
  var noise: SketchValue
}

/// From where to where something acts, in parts of a run from 0 to 1.
struct RunPart: Equatable {
  var start: Double
  var end: Double

  /// Nil for the whole of a run.
  init?(from start: Double, to end: Double) {
    if start <= 0, end >= 1 { return nil }
    (self.start, self.end) = (start, end)
  }
}

/// A ControlNet that acts with a prompt.
struct ControlMeaning: Equatable {
  var net: SketchWire
  /// The picture that it looks at.
  var hint: SketchWire
  var strength: SketchValue
  /// When it acts; nil for always.
  var part: RunPart?
  /// Whether it acts with a negative prompt too that has none.
  var isForBoth = false
}

struct LatentMeaning {
  var wire: SketchWire
  var mask: SketchWire?
  /// Of zeros that something is to be drawn on: which draws of the noise it takes.
  var draw = 0
  var isEmpty = false
}

struct NoiseMeaning {
  var seed: SketchValue
  /// Whether the start is noised; what is added on the way always is.
  var isAdded: Bool
}

struct SamplerMeaning {
  var name: String
  /// Further values of the sampler's graph.
  var options: [(name: String, value: SketchValue)] = []
}

struct GuiderMeaning {
  var model: ModelMeaning
  var positive: ConditioningMeaning
  var negative: ConditioningMeaning?
  /// Between the two, with a guidance scale of its own from the negative prompt to it.
  var middle: (prompt: ConditioningMeaning, cfg: SketchValue)?
  var cfg: SketchValue?
}

struct SigmasMeaning {
  /// Where they come from: nil for a list.
  var model: ModelMeaning?
  /// Parameters of NoiseSchedule.
  var values: [(name: String, value: SketchValue)]
  /// A picture whose size decides them.
  var sizeOf: SketchWire?
  /// How many steps there are before `from` and `to` cut them; nil where only the model's table tells.
  var count: StepCount
  var from = 0
  /// Nil for the end.
  var to: Int?
  var endsAtZero = false
  /// Whether the last of all sigmas is 0, as that of a scheduler is.
  var hasCleanEnd = true

  /// Whether the last step that is kept goes to no noise.
  var endsClean: Bool { to.map { $0 >= count.number } ?? true ? hasCleanEnd : endsAtZero }
}

/// A number of steps that may follow from a param.
struct StepCount {
  /// Now.
  var number: Int
  /// As the workflow says it.
  var value: SketchValue
}
