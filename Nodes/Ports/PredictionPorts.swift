import DiffusionModels
import GraphEngine
import Tensors

/// What every forward pass of a denoiser takes and gives, whatever wire its model comes by.
struct PredictionPorts: PortGroup {
  let latent = Input<Latent>("latent", "The latent at the level of `step`.")
  let conditioning = Input<Conditioning>("conditioning", "The encoded prompt; one for all, or one for each latent.")
  let schedule = Input<Schedule>("schedule", "The evaluation list.")
  let step = Parameter<Int>("step", "Index into the evaluation list.", min: 0)
  let guidance = OptionalParameter<Double>(
    "guidance",
    "The guidance scale that a distilled model takes as an input, such as FLUX.1 dev or a latent consistency model.")
  let noise = Output<NoisePrediction>("noise", "The model's own output, tagged with what it predicts.")

  static let concatHelp =
    "What a model sees beside the latent, [n or 1, c, h, w]: mask and masked picture of an inpainting model or FLUX.1 Fill, by "
    + "InpaintConcat, or the picture of an instruct-pix2pix model or FLUX.1 Canny and Depth, by EditConcat."

  static let controlHelp =
    "What ControlNetPredict and AdapterPredict made for this latent; several add up."

  /// Numbers of all latents in a pass, of pictures of 512x512: 16 of Stable Diffusion, whose activations take 10 KB for
  /// each in version 1.5 and 2.7 GB for all, or 4 of FLUX.
  private static let mostNumbers = 4 * 4 * 128 * 128

  func canRunTogether(_ nodes: [NodeIO]) -> Bool {
    let shapes = nodes.flatMap { $0[conditioning].parts.map { [$0.tensor.shape, $0.pooled?.shape] } }
    return shapes.allSatisfy { $0 == shapes[0] } && shapes.count * nodes[0][latent].tensor.count <= Self.mostNumbers
  }

  func forecast(_ io: inout NodeForecast) throws {
    guard let schedule = io[schedule] else { return }
    try schedule.requireStep(io[step], port: step.name)
    if let latent = io[latent] {
      try LevelCheck(latent: latent, schedule: schedule, step: io[step]).require(at: self.latent.name)
    }
  }

  /// Refuses what is known not to fit a denoiser: what a VAE or a text encoder of another family makes.
  func requireFit(_ config: DenoiserConfig, _ io: NodeForecast) throws {
    if let problem = io[latent]?.shape.flatMap(config.problem(ofLatent:)) {
      throw NodeFailure(
        problem, at: latent.name, notes: ["wire the VAE of this model into its EmptyLatent or Encode"])
    }
    if let width = io[conditioning]?.width, width != config.conditioningSize {
      throw NodeFailure(
        "the text's states are \(width) wide; \(config.modelName) takes them \(config.conditioningSize) wide",
        at: conditioning.name, notes: ["encode the text with the text encoders of this model"])
    }
  }

  /// One forward pass for all nodes of a batch, which have everything in common but the conditioning.
  func run(
    batch: inout [NodeIO], _ denoiser: any Denoiser, concat: Tensor? = nil, references: [Tensor] = [],
    control: [Control] = [], styles: [Tensor] = [], placesReferencesBeyond: Bool = false
  ) throws {
    let io = batch[0]
    let (latent, schedule) = (io[latent], io[schedule])
    try ScheduleForecast(schedule).requireStep(io[step], port: step.name)
    try latent.requireLevel(of: io[step], in: schedule, port: self.latent.name)
    // A model of tokens sees whole ones; what it says of cells that the latent does not have is cut off.
    let size = denoiser.patchSize
    let seen = latent.tensor.wrapped(toMultiplesOf: size)
    var extras = DenoiserExtras(
      guidance: io[guidance], concat: concat?.wrapped(toMultiplesOf: size),
      references: references.map { $0.wrapped(toMultiplesOf: size) }, control: try Self.sum(control))
    (extras.styles, extras.placesReferencesBeyond) = (styles, placesReferencesBeyond)
    let parts = batch.map { node in
      node[conditioning].parts.map { DenoiserConditioning($0.tensor, pooled: $0.pooled, sizes: $0.sizes) }
    }
    var predictions: [Tensor] = []
    do {
      try denoiser.check(latent: seen, conditionings: Array(parts.joined()), extras: extras)
      for pass in Self.passes(Array(parts.joined()), latent: seen) {
        predictions += try denoiser.predict(
          latent: seen, time: schedule.timesteps[io[step]], conditionings: pass, extras: extras)
      }
    } catch let mismatch as DenoiserMismatch {
      throw NodeFailure(mismatch.message, at: portName(mismatch.input))
    }
    if seen.shape != latent.tensor.shape {
      let (height, width) = (latent.tensor.shape[2], latent.tensor.shape[3])
      predictions = predictions.map { $0.region(top: 0, left: 0, height: height, width: width) }
    }
    for (index, parts) in parts.enumerated() {
      batch[index][noise] = NoisePrediction(Self.mean(predictions.prefix(parts.count)), kind: schedule.predictionType)
      predictions.removeFirst(parts.count)
    }
  }

  private func portName(_ input: DenoiserMismatch.Input) -> String {
    switch input {
    case .latent: latent.name
    case .conditioning: conditioning.name
    case .guidance: guidance.name
    case .concat: "concat"
    case .references: "references"
    case .control: "control"
    case .styles: "style"
    }
  }

  private static func sum(_ control: [Control]) throws -> ControlResiduals? {
    guard control.count > 1 else { return control.first?.residuals }
    return try NodeFailure.telling(at: "control") { try ControlResiduals(adding: control.map(\.residuals)) }
  }

  /// Conditionings cut, in their order, into those that one forward pass takes: of one shape, and as many as memory has room
  /// for.
  private static func passes(_ conditionings: [DenoiserConditioning], latent: Tensor) -> [[DenoiserConditioning]] {
    let most = max(1, mostNumbers / latent.count)
    return conditionings.reduce(into: []) { passes, conditioning in
      if let last = passes.last, last.count < most, last[0].states.shape == conditioning.states.shape {
        passes[passes.count - 1].append(conditioning)
      } else {
        passes.append([conditioning])
      }
    }
  }

  /// What is predicted with a conditioning of several parts, and what with one of one part, to the bit.
  private static func mean(_ predictions: ArraySlice<Tensor>) -> Tensor {
    let sum = predictions.dropFirst().reduce(predictions[predictions.startIndex]) { $0 + $1 }
    return predictions.count == 1 ? sum : (1 / Float(predictions.count)) * sum
  }
}
