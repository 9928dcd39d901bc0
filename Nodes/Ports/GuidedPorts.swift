import DiffusionModels
import GraphEngine

/// The prediction that CFG++ goes on with, beside the guided one.
struct GuidedPorts: PortGroup {
  let uncond = OptionalInput<NoisePrediction>(
    "uncond", "The prediction for the negative prompt: with it the step is that of CFG++, which adds its noise again.")

  /// The evaluation of that prediction; nil without one.
  ///
  /// Throws `NodeFailure` for a prediction that does not fit.
  func evaluation(_ io: NodeIO, inputs: StepPorts.Inputs) throws -> Evaluation? {
    guard let prediction = io[uncond] else { return nil }
    guard prediction.tensor.shape == inputs.latent.shape else {
      throw NodeFailure(
        "the prediction is \(prediction.tensor.shape), but the latent is \(inputs.latent.shape)", at: uncond.name)
    }
    guard prediction.kind ?? inputs.kind == inputs.kind else {
      throw NodeFailure(
        "the prediction is of another kind than 'noise', which is of \(inputs.kind.rawValue)", at: uncond.name)
    }
    return Evaluation(
      sample: LinearCombination(inputs.latent), output: LinearCombination(prediction.tensor), kind: inputs.kind,
      level: inputs.level)
  }
}
