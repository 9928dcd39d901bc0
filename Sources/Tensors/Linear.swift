/// A fully connected layer, `y = x Wᵀ + b`, as torch.nn.Linear.
package struct Linear: Sendable {
  package let inputs: Int
  package let outputs: Int
  private let weight: Tensor  // [out, in]
  private let bias: Tensor?  // [out]

  /// Takes a weight [out, in] (also [out, in, 1, 1]) and a bias [out].
  package init(weight: WeightSource, bias: Tensor? = nil) throws {
    outputs = weight.shape[0]
    inputs = weight.shape.dropFirst().reduce(1, *)
    precondition(bias == nil || bias?.shape == [outputs], "bias of a linear layer with \(outputs) outputs")
    self.weight = try Tensor(shape: [outputs, inputs]) { try weight.readRows(0..<weight.shape[0], $0) }
    self.bias = bias
  }

  package init(weight: Tensor, bias: Tensor? = nil) {
    precondition(weight.shape.count >= 2, "a linear layer's weight is [out, in]")
    outputs = weight.shape[0]
    inputs = weight.count / weight.shape[0]
    precondition(bias == nil || bias?.shape == [outputs], "bias of a linear layer with \(outputs) outputs")
    self.weight = weight.reshaped([outputs, inputs])
    self.bias = bias
  }

  /// [n, ..., in] -> [n, ..., out], plus `residual` [n, ..., out] if there is one.
  package func callAsFunction(_ x: Tensor, residual: Tensor? = nil) -> Tensor {
    precondition(x.shape.count >= 2 && x.shape.last == inputs, "\(x.shape) into a layer of \(inputs) inputs")
    let shape = x.shape.dropLast() + [outputs]
    precondition(residual == nil || residual?.shape == Array(shape), "residual of another shape than \(shape)")
    let rows = x.count / inputs / max(x.shape[0], 1)
    return Tensor(shape: Array(shape)) { y in
      guard let y = y.baseAddress else { return }
      productPlusBias(
        samples: x.shape[0], rows: rows, x: x, weight: weight, bias: bias, channelBias: nil, residual: residual, y: y)
    }
  }

  private func productPlusBias(
    samples: Int, rows: Int, x: Tensor, weight: Tensor, bias: Tensor?, channelBias: Tensor?, residual: Tensor?,
    y: UnsafeMutablePointer<Float>
  ) {
    x.withUnsafeBufferPointer { x in
      weight.withUnsafeBufferPointer { weight in
        for sample in 0..<samples {
          MatrixProduct.multiplyTransposed(
            m: rows, n: outputs, k: inputs, a: x.baseAddress! + sample * rows * inputs, aStride: inputs,
            b: weight.baseAddress!, bStride: inputs, c: y + sample * rows * outputs, cStride: outputs)
        }
      }
    }
    for row in 0..<samples * rows {
      bias?.withUnsafeBufferPointer { bias in for i in 0..<outputs { y[row * outputs + i] += bias[i] } }
      residual?.withUnsafeBufferPointer { r in
        for i in row * outputs..<(row + 1) * outputs { y[i] += r[i] }
      }
    }
  }
}
