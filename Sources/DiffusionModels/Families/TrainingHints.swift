import Safetensors

/// What a file says of the noise it was trained with, by tensors that mark it and by its metadata.
struct TrainingHints {
  /// Tensors `v_pred` and `ztsnr`, which trainers put into files of such models.
  let hasVMarker: Bool
  let hasZeroSNRMarker: Bool
  /// `modelspec.prediction_type` of the metadata, from Stability AI's model specification.
  let stated: PredictionType?
  /// How long the model was trained, which the original files of Stable Diffusion 2 tell.
  let globalStep: Int?

  /// Nothing is said.
  init() { (hasVMarker, hasZeroSNRMarker, stated, globalStep) = (false, false, nil, nil) }

  init(_ file: any TensorFile) {
    hasVMarker = file.info("v_pred") != nil
    hasZeroSNRMarker = file.info("ztsnr") != nil
    switch file.metadataString("modelspec.prediction_type")?.lowercased() {
    case "epsilon", "eps": stated = .epsilon
    case "v", "v_prediction": stated = .v
    default: stated = nil
    }
    globalStep = file.info("global_step").flatMap { info in
      guard info.formatName == "I64", info.count == 1 else { return nil }
      return try? file.withBytes("global_step") { Int(Int64(littleEndian: $0.loadUnaligned(as: Int64.self))) }
    }
  }

  /// What the UNet predicts.
  ///
  /// A marker or the metadata says it. Without them Stable Diffusion 2 predicts v, but for its
  /// base model, which was trained for 875000 steps, and for models that also see a picture; all others predict epsilon.
  ///
  /// Source of the last rule: `from_single_file` of diffusers.
  func prediction(of unet: UNetConfig) -> PredictionType {
    if hasVMarker { return .v }
    if let stated { return stated }
    return ModelFamily(unet) == .sd2 && unet.inputChannels == unet.outputChannels && globalStep != 875_000
      ? .v : .epsilon
  }
}

extension SchedulerConfig {
  /// The noise a model in a single file was trained with, which is that of its family.
  init(path: String, denoiser: DenoiserConfig, hints: TrainingHints) throws {
    if let unet = denoiser.unet {
      try self.init(path: path, unet: unet, hints: hints)
    } else {
      try self.init(ConfigFile(path: path, values: Self.flowValues(denoiser)))
    }
  }

  /// The scheduler's config in the published folder of a flow model.
  private static func flowValues(_ denoiser: DenoiserConfig) -> [String: JSONValue] {
    let shift: [String: JSONValue] =
      switch denoiser {
      case .flux(let config) where !config.embedsGuidance:
        ["shift": .float(1), "use_dynamic_shifting": .bool(false)]
      case .zImage: ["shift": .float(3), "use_dynamic_shifting": .bool(false)]
      default:
        [
          "shift": .float(3), "use_dynamic_shifting": .bool(true), "base_shift": .float(0.5),
          "max_shift": .float(1.15),
          "base_image_seq_len": .int(256), "max_image_seq_len": .int(4096),
        ]
      }
    return shift.merging(
      [
        "_class_name": .string("FlowMatchEulerDiscreteScheduler"),
        "num_train_timesteps": .int(1000),
      ]
    ) { own, _ in own }
  }

  /// That of all Stable Diffusion models.
  private init(path: String, unet: UNetConfig, hints: TrainingHints) throws {
    var values: [String: JSONValue] = [
      "beta_start": .float(0.00085), "beta_end": .float(0.012), "beta_schedule": .string("scaled_linear"),
      "num_train_timesteps": .int(1000), "steps_offset": .int(1), "set_alpha_to_one": .bool(false),
      "prediction_type": .string(hints.prediction(of: unet) == .v ? "v_prediction" : "epsilon"),
    ]
    if hints.hasZeroSNRMarker { values["rescale_betas_zero_snr"] = .bool(true) }
    // SDXL's own config is of a class that would spread times otherwise.
    if unet.addedEmbedding != nil { values["timestep_spacing"] = .string("leading") }
    try self.init(ConfigFile(path: path, values: values))
  }

  func overridden(by overrides: ModelOverrides) -> SchedulerConfig {
    var options = ScheduleOptions(steps: ScheduleOptions.defaultSteps, convention: .ddim)
    options.prediction = overrides.prediction
    options.zeroSNR = overrides.zeroSNR
    return overridden(by: options)
  }
}
