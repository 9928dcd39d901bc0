/// A weight as a model asks for it, and where in a tensor of a file it lies.
package struct WeightPlace: Sendable, Equatable {
  package enum View: Sendable, Equatable {
    case whole
    /// Some of the equal shares of rows of a tensor that joins several weights.
    case rows(Range<Int>, of: Int)
    /// The second half of the rows before the first.
    case halvesExchanged
    /// The tensor [in, out] as a weight [out, in].
    case transposed
  }

  /// The name that the model asks by.
  package let slot: String
  package let view: View

  package init(_ slot: String, _ view: View = .whole) { (self.slot, self.view) = (slot, view) }

  /// The shape of the tensor in which the weight has a shape: the way back from `shape(of:)`.
  package func joinedShape(of weight: [Int]) -> [Int] {
    switch view {
    case .rows(let shares, let count): [weight[0] / shares.count * count] + weight.dropFirst()
    case .transposed: weight.reversed()
    case .whole, .halvesExchanged: weight
    }
  }

  /// The rows of the tensor that are rows of a weight with so many, in order; for views that keep rows whole.
  package func row(_ row: Int, of count: Int) -> Int {
    switch view {
    case .rows(let shares, _): count / shares.count * shares.lowerBound + row
    case .halvesExchanged: (row + count - count / 2) % count
    case .whole, .transposed: row
    }
  }

  /// The weight's shape in a tensor of shape `tensor`; the tensor's own where it cannot be viewed so.
  package func shape(of tensor: [Int]) -> [Int] {
    switch view {
    case .rows(let shares, let count) where tensor.first.map { $0 % count == 0 } ?? false:
      [tensor[0] / count * shares.count] + tensor.dropFirst()
    case .transposed where tensor.count == 2: tensor.reversed()
    default: tensor
    }
  }
}
