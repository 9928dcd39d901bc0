import DiffusionModels
import GraphEngine

/// The steps of a sampling run: when the model is evaluated, and at which noise levels.
package struct NoiseSchedule: Node {
  package static let info = NodeInfo(
    type: "NoiseSchedule", version: 2, lane: .compute, summary: "Spreads the steps over the model's noise levels.")

  let unet = Input<UNetHandle>("unet", "The model, whose scheduler config says what noise it was trained with.")
  let steps = Parameter("steps", "How many steps.", default: 20, min: 1, max: 1000)
  let convention = Parameter(
    "convention", "Which reference scheduler's rounding to follow.", default: ScheduleConvention.ddim.rawValue,
    options: [ScheduleConvention.ddim.rawValue])
  let spacing = OptionalParameter<String>(
    "spacing", "How times are spread; the model's own when left out.", options: TimestepSpacing.allCases.map(\.rawValue)
  )
  let offset = OptionalParameter<Int>("offset", "Added to leading times; the model's own when left out.", min: 0)
  let strength = Parameter(
    "strength", "The last part of the steps to keep, for a picture that is noised in between.", default: 1.0, min: 0,
    max: 1)
  let schedule = Output<Schedule>("schedule", "The evaluation list with its levels.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    do {
      io[schedule] = try Schedule(
        io[unet].folder.schedulerConfig(), steps: io[steps],
        convention: ScheduleConvention(rawValue: io[convention]) ?? .ddim,
        spacing: io[spacing].flatMap(TimestepSpacing.init), offset: io[offset], strength: io[strength])
    } catch let error as ModelError {
      throw NodeFailure(error.message, at: steps.name)
    }
  }
}
