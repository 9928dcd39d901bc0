import DiffusionModels
import GraphEngine

/// One evaluation of DPM-Solver fast (Lu and others 2022, section 3.4; ComfyUI's `dpm_fast`): `DPMFast` has the formula.
///
/// Its schedule tells which evaluations belong together: a group starts where the sample of an evaluation is the one that its
/// formula moves.
package struct DPMFastStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "DPMFastStep", version: 1, lane: .compute,
    summary: "Takes an evaluation of a group of up to three, each from the sample that its group began with.")
  private static let method = StepMethod(
    name: "DPM-Solver fast", pattern: .groups, kinds: [.diffusion, .flow], startsInPureNoise: [.flow])

  let ports = StepPorts()
  let past = MultistepPorts()

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

  package func run(_ io: inout NodeIO) throws {
    let inputs = try ports.inputs(io, of: Self.method)
    let memory = try past.memory(io, of: Self.method, inputs: inputs)
    let (now, starts) = (inputs.evaluation, inputs.schedule.starts)
    let start = starts.last { $0 <= inputs.step } ?? 0
    let end = starts.first { $0 > inputs.step } ?? inputs.count
    let (moved, kept) = DPMFast().step(
      now, to: inputs.target, place: inputs.step - start, of: end - start, memory: memory)
    // The last step stops short of 0, and what it leads to is taken for clean.
    let isEnd = inputs.isLast && inputs.schedule.endLevel == 1
    let next = isEnd ? moved / inputs.target.scale : moved
    ports.put(next, denoised: now.denoised, of: inputs, to: &io)
    past.history.put(kept, of: Self.method, inputs: inputs, to: &io)
  }
}
