import DiffusionModels
import GraphEngine
import Tensors

/// One forward pass of a denoiser of any family.
package struct Predict: BatchableNode, ForecastingNode {
  package static let info = NodeInfo(
    type: "Predict", version: 1, lane: .compute, summary: "Predicts the noise in a latent with the denoiser.")

  let denoiser = Input<DenoiserHandle>("denoiser", "The denoiser, of any family.")
  let ports = PredictionPorts()
  let references = VariadicInput<Latent>(
    "references", "Pictures to go by, as clean latents: what FLUX.2 klein edits, or the one of FLUX.1 Kontext.",
    isOptional: true)
  let concat = OptionalInput<PlainTensor>("concat", PredictionPorts.concatHelp)
  let control = VariadicInput<Control>("control", PredictionPorts.controlHelp, isOptional: true)
  let style = VariadicInput<PlainTensor>(
    "style", "Tokens that FLUX.1 sees before those of the text, by ProjectStyle; of several the last one's come first.",
    isOptional: true)
  let places = OptionalParameter<String>(
    "reference_places",
    "Where FLUX.1 sees a reference: own, when left out, behind the picture, as Kontext was trained, or beyond its last row and "
      + "column, as UNO and USO were.", options: ["own", "beyond"])

  package init() {}

  package var differingInput: String { ports.conditioning.name }

  package func canRunTogether(_ nodes: [NodeIO]) -> Bool { ports.canRunTogether(nodes) }

  private static let ofUNets = NodeDeclaration(UNetPredict.self)

  /// No guidance is none, so that a graph for all families has a number for those that are not told one.
  package func resolve(_ parameters: inout NodeParameters) {
    if parameters[ports.guidance] == 0 { parameters[ports.guidance] = nil }
    if parameters[places] == "own" { parameters[places] = nil }
  }

  package func forecast(_ io: inout NodeForecast) throws {
    try ports.forecast(&io)
    if !io.isWired(references) { io.parameters[places] = nil }
    guard let config = io[denoiser]?.denoiserConfig else { return }
    try ports.requireFit(config, io)
    for (port, isGiven) in [(style.name, io.isWired(style)), (places.name, io[places] != nil)] where isGiven {
      if case .flux = config { continue }
      throw NodeFailure("the model is \(config.modelName), and '\(port)' is for FLUX.1", at: port)
    }
    // What a UNet predicts has one key, whichever node asks it.
    if config.unet != nil, !io.isWired(references) {
      return io.become(Self.ofUNets, inputs: [denoiser.name: "unet"])
    }
    if io[ports.guidance] != nil, config.refusesGuidance {
      throw NodeFailure(
        "the model is \(config.modelName), which is not told a guidance scale", at: ports.guidance.name,
        notes: ["leave 'guidance' out"])
    }
    try requireFit(ofReferences: config, io)
    guard config.unet == nil else { return }
    try requireFit(ofConcat: config, io)
    if let schedule = io[ports.schedule], schedule.schedule.kind != .flow {
      throw NodeFailure(
        "\(schedule.name) is that of a \(schedule.schedule.kind.modelName), but the model is \(config.modelName)",
        at: ports.schedule.name, notes: ["make one of the denoiser that predicts"])
    }
  }

  private func requireFit(ofReferences config: DenoiserConfig, _ io: NodeForecast) throws {
    guard io.isWired(references) else { return }
    guard config.takesReferences else {
      throw NodeFailure(
        "the model is \(config.modelName), which looks at no other pictures", at: references.name,
        notes: ["FLUX.1 Kontext and FLUX.2 do"])
    }
    if let most = config.mostReferences, io.wireCount(references) > most {
      throw NodeFailure(
        "the model is \(config.modelName), which looks at one other picture, not at \(io.wireCount(references))",
        at: references.name, notes: ["join several in one picture, by Stitch"])
    }
  }

  /// What a transformer sees beside the latent is told by its weights.
  private func requireFit(ofConcat config: DenoiserConfig, _ io: NodeForecast) throws {
    switch (config.concat, io.isWired(concat)) {
    case (let (channels, maker)?, false):
      throw NodeFailure(
        "the model is \(config.modelName), which sees \(channels) channels beside the latent's \(config.latentChannels)",
        at: concat.name, notes: ["wire 'concat', which \(maker) makes"])
    case (nil, true):
      throw NodeFailure(
        "the model is \(config.modelName), which sees nothing beside the latent in channels of its own",
        at: concat.name,
        notes: ["leave 'concat' out"])
    default: break
    }
  }

  package func run(batch: inout [NodeIO]) throws {
    let denoiser = try batch[0][denoiser].denoiser(at: denoiser.name)
    try ports.run(
      batch: &batch, denoiser, concat: batch[0][concat]?.tensor, references: batch[0][references].map(\.tensor),
      control: batch[0][control], styles: batch[0][style].map(\.tensor),
      placesReferencesBeyond: batch[0][places] == "beyond")
  }
}
