import DiffusionModels
import GraphEngine

/// One linear multistep step of k-diffusion (diffusers' `LMSDiscreteScheduler`): `LMS` has the formula.
package struct LMSStep: ConventionStep, ForecastingNode {
  package static let info = NodeInfo(
    type: "LMSStep", version: 2, lane: .compute,
    summary: "Takes one linear multistep step along a polynomial through the last predictions.")
  package static let convention = ScheduleConvention.lms
  private static let method = StepMethod(name: "LMS", kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  let ports = StepPorts()
  let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: LMS.orders.upperBound, min: 1,
    max: Double(LMS.orders.upperBound))

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let now = inputs.evaluation
    let (next, kept) = LMS(order: io[order]).step(
      now, to: inputs.target, memory: memory, endsByDenoising: inputs.isOfComfyUI)
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
