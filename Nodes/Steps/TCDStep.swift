import DiffusionModels
import GraphEngine

/// One step of a trajectory consistency model (Zheng and others 2024; diffusers' `TCDScheduler`): `tcdStep` has the
/// formula.
package struct TCDStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "TCDStep", version: 1, lane: .compute,
    summary: "Takes one step of a trajectory consistency model: below the next level, and back up with noise.")
  private static let method = StepMethod(name: "TCD", startsInPureNoise: [.diffusion])

  let ports = StepPorts()
  let eta = Parameter(
    "eta", "How far below to go, the paper's gamma: 0 takes no noise, 1 goes all the way.", default: 0.3, min: 0, max: 1
  )
  let random = NoisePorts(unused: "when eta is 0")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) {
    random.resolve(&parameters, defaultDraw: parameters[eta] == 0 ? nil : parameters[ports.step] + 1)
  }

  package func forecast(_ io: inout NodeForecast) throws {
    if let schedule = io[ports.schedule]?.schedule { try requireTraining(schedule) }
    try ports.forecast(&io, of: Self.method)
  }

  /// TCD goes to times between those of the steps.
  private func requireTraining(_ schedule: Schedule) throws {
    guard schedule.trainingLevels.isEmpty else { return }
    throw NodeFailure(
      "the schedule's convention is '\(schedule.convention.rawValue)', which TCD cannot follow",
      at: ports.schedule.name, notes: ["set 'convention: tcd' on its NoiseSchedule"])
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let (schedule, step) = (inputs.schedule, inputs.step)
    try requireTraining(schedule)
    // The step to time 0 has nothing below it.
    let nextTime = step + 1 < inputs.count ? schedule.timesteps[step + 1] : 0
    let between = Int(((1 - io[eta]) * nextTime).rounded(.down))
    let now = inputs.evaluation
    let next = tcdStep(
      now, through: NoiseLevel(schedule.trainingLevels[min(between, schedule.trainingLevels.count - 1)]),
      to: inputs.target, noise: io[eta] == 0 ? nil : random.noise(io, shape: inputs.latent.shape))
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
  }
}
