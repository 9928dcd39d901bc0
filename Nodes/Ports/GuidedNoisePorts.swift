import DiffusionModels
import GraphEngine
import Tensors

/// What a node needs that changes a guided prediction in another measure than its own: the latent it was made for, and its level.
struct GuidedNoisePorts: PortGroup {
  let noise = Input<NoisePrediction>("noise", "The guided prediction.")
  let positive = Input<NoisePrediction>("positive", "The prediction for the prompt alone.")
  let latent = Input<Latent>("latent", "The latent that both were made for.")
  let schedule = Input<Schedule>("schedule", "The schedule of the step.")
  let step = Parameter<Int>("step", "Index into the evaluation list.", min: 0)
  let changed = Output<NoisePrediction>("noise", "The changed prediction, of the same kind.")

  func forecast(_ io: inout NodeForecast) throws {
    guard let schedule = io[schedule] else { return }
    try schedule.requireStep(io[step], port: step.name)
    if let latent = io[latent] {
      try LevelCheck(latent: latent, schedule: schedule, step: io[step]).require(at: self.latent.name)
    }
  }

  /// What a node works on, one sample at a time.
  struct Inputs {
    let latent: Tensor
    let guided: Tensor
    let positive: Tensor
    let kind: PredictionType
    let level: NoiseLevel

    /// The latent of a sample; one for all that is computed of it, so that sums of its parts are merged.
    func sample(_ index: Int) -> LinearCombination { LinearCombination(latent.sample(index)) }

    func evaluation(_ output: Tensor, _ index: Int, of sample: LinearCombination) -> Evaluation {
      Evaluation(sample: sample, output: LinearCombination(output.sample(index)), kind: kind, level: level)
    }
  }

  /// Throws `NodeFailure` as `forecast` does, and for predictions that do not fit the latent or each other.
  func inputs(_ io: NodeIO) throws -> Inputs {
    let (guided, positive, latent, schedule) = (io[noise], io[positive], io[latent], io[schedule])
    try ScheduleForecast(schedule).requireStep(io[step], port: step.name)
    try latent.requireLevel(of: io[step], in: schedule, port: self.latent.name)
    try guided.requireFit(positive, at: noise.name)
    guard positive.tensor.shape == latent.tensor.shape else {
      throw NodeFailure(
        "the prediction is \(positive.tensor.shape), but the latent is \(latent.tensor.shape)", at: self.positive.name)
    }
    return Inputs(
      latent: latent.tensor, guided: guided.tensor, positive: positive.tensor,
      kind: positive.kind ?? guided.kind ?? schedule.predictionType, level: schedule.level(of: io[step]))
  }

  /// Puts out one prediction for each sample, which `change` gives.
  func put(_ io: inout NodeIO, _ inputs: Inputs, _ change: (_ index: Int) -> LinearCombination) {
    let samples = (0..<inputs.latent.shape[0]).map { change($0).evaluated() }
    io[changed] = NoisePrediction(Tensor(concatenating: samples), kind: io[noise].kind)
  }
}
