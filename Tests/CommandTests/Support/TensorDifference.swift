import Tensors

/// The relative error of the whole tensor, |a - b| / |b|, and the largest difference of one element.
func difference(_ a: Tensor, _ b: Tensor) -> (relative: Double, largest: Double) {
  var (squares, norm, largest) = (0.0, 0.0, 0.0)
  for (x, y) in zip(a.values, b.values) {
    let difference = Double(x) - Double(y)
    squares += difference * difference
    norm += Double(y) * Double(y)
    largest = max(largest, abs(difference))
  }
  return ((squares / norm).squareRoot(), largest)
}
