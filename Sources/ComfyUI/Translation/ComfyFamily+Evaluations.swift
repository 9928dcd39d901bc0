import DiffusionModels

extension ComfyFamily {
  /// The noise that its models were trained with, of which no file is at hand.
  private var schedulerConfig: SchedulerConfig? {
    switch self {
    case .stableDiffusion, .sdxl, .sdxlRefiner: try? SchedulerConfig(ConfigFile(path: "", values: [:]))
    case .flux: try? SchedulerConfig(path: "", flow: FlowShift(dynamic: .flux1))
    case .flux2, .flux2Klein: try? SchedulerConfig(path: "", flow: FlowShift(dynamic: .flux2))
    case .fluxSchnell: try? SchedulerConfig(path: "", flow: FlowShift())
    case .zImage: try? SchedulerConfig(path: "", flow: FlowShift(shift: 3))
    }
  }

  /// When a model of the family is evaluated by a NoiseSchedule of ComfyUI's convention; nil where that is known only when it runs.
  ///
  /// - Parameter values: the texts of a parameter, one but for lists; nil for one that is not given.
  func evaluations(_ values: (String) -> [String]?) -> ComfyUIEvaluations? {
    func text(_ name: String) -> String? { values(name)?.first }
    func number(_ name: String) -> Double? { text(name).flatMap(Double.init) }
    func integer(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
    func list(_ name: String) -> [Double]? { values(name).map { $0.compactMap(Double.init) } }
    guard let config = schedulerConfig else { return nil }
    var options = ScheduleOptions(steps: integer("steps") ?? ScheduleOptions.defaultSteps, convention: .comfyui)
    options.sampler = text("sampler").flatMap(ComfyUISampler.init)
    options.curve = text("curve").flatMap(SigmaCurve.init)
    options.end = text("end").flatMap(ScheduleEnd.init)
    (options.timesteps, options.sigmas, options.curveShape) = (list("timesteps"), list("sigmas"), list("curve_shape"))
    (options.denoise, options.shift, options.mu) = (number("denoise"), number("shift"), number("mu"))
    (options.from, options.to) = (integer("from"), integer("to"))
    options.discard = text("discard").map { $0 == "true" }
    options.zeroSNR = text("zero_snr").map { $0 == "true" }
    options.prediction = text("prediction").flatMap(PredictionType.init)
    if let width = integer("width"), let height = integer("height") {
      options.setImageTokens(width: width, height: height, pixelsPerToken: 16)
    }
    return try? ComfyUIEvaluations(config, options)
  }
}
