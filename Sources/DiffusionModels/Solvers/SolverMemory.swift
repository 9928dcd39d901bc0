import Tensors

/// What a method that looks back keeps of earlier steps.
package struct SolverMemory: Sendable {
  /// A tensor, and the level of the evaluation it belongs to.
  package struct Entry: Sendable {
    package let tensor: Tensor
    package let level: NoiseLevel

    package init(_ tensor: Tensor, level: NoiseLevel) {
      self.tensor = tensor
      self.level = level
    }
  }

  /// What earlier evaluations gave, in the form the method works with, the oldest first.
  package var outputs: [Entry]
  /// The sample that the method returns to.
  package var sample: Entry?
  /// The order of the last step, where the next one depends on it.
  package var order: Int?

  package init(outputs: [Entry] = [], sample: Entry? = nil, order: Int? = nil) {
    self.outputs = outputs
    self.sample = sample
    self.order = order
  }

  package static let empty = SolverMemory()

  /// The same memory with the level of every entry changed.
  package func mapLevels(_ change: (NoiseLevel) -> NoiseLevel) -> SolverMemory {
    let changed = { (entry: Entry) in Entry(entry.tensor, level: change(entry.level)) }
    return SolverMemory(outputs: outputs.map(changed), sample: sample.map(changed), order: order)
  }
}

extension LinearCombination {
  init(_ entry: SolverMemory.Entry) { self.init(entry.tensor) }
}

/// The order of step `step` of `count` of a multistep method: lower at the end of a run of less than 15 steps, where
/// `isLowered` (diffusers' lower_order_final).
package func finalOrder(_ order: Int, step: Int, of count: Int, isLowered: Bool) -> Int {
  isLowered && count < 15 ? min(order, count - step) : order
}
