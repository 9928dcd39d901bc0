import DiffusionModels
import GraphEngine

/// One linear multistep step of k-diffusion (diffusers' `LMSDiscreteScheduler`): `LMS` has the formula.
package struct LMSStep: ConventionStep, MultistepStep {
  package static let info = NodeInfo(
    type: "LMSStep", version: 2, lane: .compute,
    summary: "Takes one linear multistep step along a polynomial through the last predictions.")
  package static let convention = ScheduleConvention.lms
  package static let method = StepMethod(name: "LMS", kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package let ports = StepPorts()
  package let past = MultistepPorts()
  let order = Parameter(
    "order", "How many predictions to look at.", default: LMS.orders.upperBound, min: 1,
    max: Double(LMS.orders.upperBound))

  package init() {}

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    LMS(order: io[order]).step(
      inputs.evaluation, to: inputs.target, memory: memory, endsByDenoising: inputs.isOfComfyUI)
  }
}
