import Tensors

extension Tensor {
  /// The standard deviation of all numbers with Bessel's correction, in double precision.
  var standardDeviation: Double {
    withUnsafeBufferPointer { values in
      let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
      let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
      return (squares / Double(values.count - 1)).squareRoot()
    }
  }
}
