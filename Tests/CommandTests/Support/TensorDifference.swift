import Safetensors
import Tensors
import Testing

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

extension Stepgraph {
  /// Expects of a tensor that a run wrote that it is the reference's, all of it, to 1e-4; gives the relative error.
  @discardableResult
  func expect(
    _ file: String, is theirs: Tensor, name: String = "tensor", sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Double {
    let ours = try SafetensorsReader(path: folder.file(file).path).tensor(name)
    let (relative, largest) = difference(ours, theirs)
    #expect(ours.shape == theirs.shape, "\(file)", sourceLocation: sourceLocation)
    #expect(
      relative <= 1e-4, "\(file): relative error \(relative), largest \(largest)", sourceLocation: sourceLocation)
    return relative
  }
}
