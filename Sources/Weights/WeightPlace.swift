/// A weight as a model asks for it, and where in a tensor of a file it lies.
package struct WeightPlace: Sendable, Equatable {
  package enum View: Sendable, Equatable {
    case whole
    /// The rows of one of several weights of one size that the tensor joins.
    case rows(Int, of: Int)
    /// The tensor [in, out] as a weight [out, in].
    case transposed
  }

  /// The name that the model asks by.
  package let slot: String
  package let view: View

  package init(_ slot: String, _ view: View = .whole) { (self.slot, self.view) = (slot, view) }

  /// The weight's shape in a tensor of shape `tensor`; the tensor's own where it cannot be viewed so.
  package func shape(of tensor: [Int]) -> [Int] {
    switch view {
    case .rows(_, let count) where tensor.first.map { $0 % count == 0 } ?? false:
      [tensor[0] / count] + tensor.dropFirst()
    case .transposed where tensor.count == 2: tensor.reversed()
    default: tensor
    }
  }
}
