import DiffusionModels
import GraphEngine

/// One evaluation of DPM-Solver fast (Lu and others 2022, section 3.4; ComfyUI's `dpm_fast`): `DPMFast` has the formula.
///
/// Its schedule tells which evaluations belong together: a group starts where the sample of an evaluation is the one that its
/// formula moves.
package struct DPMFastStep: MultistepStep {
  package static let info = NodeInfo(
    type: "DPMFastStep", version: 1, lane: .compute,
    summary: "Takes an evaluation of a group of up to three, each from the sample that its group began with.")
  package static let method = StepMethod(
    name: "DPM-Solver fast", pattern: .groups, kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  package let ports = StepPorts()
  package let past = MultistepPorts()

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    let next = try ports.forecast(&io, of: Self.method)
    try past.forecast(&io, of: Self.method, ports: ports, next: next)
    guard let schedule = io[ports.schedule]?.schedule else { return }
    let begin = io[past.begin]
    if begin < schedule.levels.count, !schedule.starts.contains(begin) {
      throw NodeFailure(
        "evaluation \(begin) is inside a group, which begins at \(schedule.starts.last { $0 < begin } ?? 0)",
        at: past.begin.name)
    }
  }

  package func step(
    _ inputs: StepPorts.Inputs, memory: SolverMemory, io: NodeIO
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let starts = inputs.schedule.starts
    let start = starts.last { $0 <= inputs.step } ?? 0
    let end = starts.first { $0 > inputs.step } ?? inputs.count
    let (next, kept) = DPMFast().step(
      inputs.evaluation, to: inputs.target, place: inputs.step - start, of: end - start, memory: memory)
    // The last step stops short of 0, and what it leads to is taken for clean.
    let isEnd = inputs.isLast && inputs.schedule.endLevel == 1
    return (isEnd ? next / inputs.target.scale : next, kept)
  }
}
