import Tensors

/// Pseudo linear multistep (Liu and others 2022, equations 9 and 12; diffusers' PNDMScheduler with skip_prk_steps).
///
/// Each step is DDIM's, with an Adams-Bashforth sum of the model's own outputs, newest first, in place of its output:
///
///     1: m_0    2: (3 m_0 - m_1) / 2    3: (23 m_0 - 16 m_1 + 5 m_2) / 12
///     4: (55 m_0 - 59 m_1 + 37 m_2 - 9 m_3) / 24
///
/// The first step is taken twice: once to find where it leads, and again from where it began with the mean of the
/// outputs at both ends (`redoFirstStep`).
package struct PLMS: Sendable {
  static let adamsBashforth: [[Double]] = [
    [1], [3.0 / 2, -1.0 / 2], [23.0 / 12, -16.0 / 12, 5.0 / 12], [55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24],
  ]

  package let kind: PredictionType

  package init(kind: PredictionType) { self.kind = kind }

  /// A step from `sample`; `memory` holds the outputs of up to three steps before.
  package func step(
    sample: Tensor, output: Tensor, at level: NoiseLevel, to target: NoiseLevel, memory: SolverMemory
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let outputs = memory.outputs.suffix(3) + [.init(output, level: level)]
    let weighted = zip(Self.adamsBashforth[outputs.count - 1], outputs.reversed()).map { $0 * LinearCombination($1) }
    let sum = weighted.dropFirst().reduce(weighted[0], +)
    let evaluation = Evaluation(sample: LinearCombination(sample), output: sum, kind: kind, level: level)
    return (evaluation.moved(to: target), SolverMemory(outputs: Array(outputs)))
  }

  /// The first step once more, with what the model says of the place it led to.
  ///
  /// `start` and `first` are the sample that it began from and the output there.
  package func redoFirstStep(
    from start: SolverMemory.Entry, first: SolverMemory.Entry, output: Tensor, to target: NoiseLevel
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let mean = 0.5 * LinearCombination(output) + 0.5 * LinearCombination(first)
    let evaluation = Evaluation(sample: LinearCombination(start), output: mean, kind: kind, level: start.level)
    return (evaluation.moved(to: target), SolverMemory(outputs: [first]))
  }
}
