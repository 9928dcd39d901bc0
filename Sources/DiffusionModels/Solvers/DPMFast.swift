import Foundation

/// DPM-Solver fast (Lu and others 2022, section 3.4; k-diffusion's `sample_dpm_fast` without noise): groups of up to three
/// evaluations, each from the sample that its group began with.
///
/// With x / scale on the line that samples move along, t on it, e its slope, and h = log(t / t') from the group's start:
///
///     x' = x - t' (e^h - 1) e_1 - B (e_k - e_1)
///     B  = t' / r (e^h - 1) / 2 for the second of two,   t' / r ((e^h - 1) / h - 1) with three
///
/// r is how far of the whole way in log t the newest evaluation is: of a step inside a group, how far of that step.
package struct DPMFast: Sendable {
  package init() {}

  /// The evaluation `now`, of `place` (from 0) in a group of `count`; `memory` holds the sample and the slopes of the group.
  package func step(
    _ now: Evaluation, to target: NoiseLevel, place: Int, of count: Int, memory: SolverMemory
  ) -> (next: LinearCombination, memory: SolverMemory) {
    var memory = place == 0 ? .empty : memory
    let start = memory.sample ?? .init(now.sample.evaluated(), level: now.level)
    memory.sample = start
    memory.outputs.append(.init(now.slope.evaluated(), level: now.level))

    let h = log(start.level.time / target.time)
    let growth = expm1(h)
    let first = LinearCombination(memory.outputs[0])
    var next = LinearCombination(start) / start.level.scale - target.time * growth * first
    if place > 0 {
      let r = log(start.level.time / now.level.time) / h
      let weight = count == 2 ? growth / 2 : growth / h - 1
      next += -1 * (target.time / r * weight) * (now.slope - first)
    }
    return (target.scale * next, memory)
  }
}
