/// A fully connected layer, `y = x Wᵀ + b`, as torch.nn.Linear.
package struct Linear: Sendable {
  package let inputs: Int
  package let outputs: Int
  private let weight: Tensor  // [out, in]
  private let bias: Tensor?  // [out]

  /// Takes a weight [out, in] (or [out, in, 1, 1]) and a bias [out]; throws what reading the weight throws.
  package init(weight: WeightSource, bias: Tensor? = nil) throws {
    let tensor = try Tensor(shape: weight.shape) { try weight.readRows(0..<weight.shape[0], $0) }
    self.init(weight: tensor, bias: bias)
  }

  /// Takes a weight [out, in] (or [out, in, 1, 1]), which it shares, and a bias [out].
  package init(weight: Tensor, bias: Tensor? = nil) {
    precondition(weight.shape.count >= 2, "a linear layer's weight is [out, in], not \(weight.shape)")
    outputs = weight.shape[0]
    inputs = weight.shape.dropFirst().reduce(1, *)
    precondition(bias == nil || bias?.shape == [outputs], "bias of a linear layer with \(outputs) outputs")
    self.weight = weight.reshaped([outputs, inputs])
    self.bias = bias
  }

  /// [n, ..., in] -> [n, ..., out], plus `residual` [n, ..., out] if there is one.
  package func callAsFunction(_ x: Tensor, residual: Tensor? = nil) -> Tensor {
    precondition(x.shape.count >= 2 && x.shape.last == inputs, "\(x.shape) into a layer of \(inputs) inputs")
    let shape = Array(x.shape.dropLast()) + [outputs]
    precondition(residual == nil || residual?.shape == shape, "residual of another shape than \(shape)")
    let samples = x.shape[0]
    let rows = x.shape.dropFirst().dropLast().reduce(1, *)
    let tiles = ProductTiles(rows: rows, columns: outputs)
    return Tensor(shape: shape) { y in
      guard let y = y.baseAddress, !shape.contains(0) else { return }
      x.withUnsafePointer { x in
        withOptionalPointer(residual) { residual in
          tiles.forEach(samples: samples) { sample, tile in
            let origin = (sample * rows + tile.rows.lowerBound) * outputs + tile.columns.lowerBound
            multiply(
              x + sample * rows * inputs, residual: residual.map { $0 + sample * rows * outputs }, tile: tile,
              y: y + origin, yStride: outputs)
          }
        }
      }
    }
  }

  /// Computes one tile of one sample: `x` and `residual` start with the sample, `y` with the tile.
  func multiply(
    _ x: UnsafePointer<Float>, residual: UnsafePointer<Float>? = nil, tile: ProductTiles.Tile,
    y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    weight.withUnsafePointer { weight in
      withOptionalPointer(bias) { bias in
        let addends = Addends(columns: bias, residual: residual, residualStride: outputs)
        addends.write(to: y, stride: yStride, tile: tile)
        MatrixProduct.multiplyTransposed(
          m: tile.rows.count, n: tile.columns.count, k: inputs,
          a: x + tile.rows.lowerBound * inputs, aStride: inputs,
          b: weight + tile.columns.lowerBound * inputs, bStride: inputs,
          c: y, cStride: yStride, beta: addends.isEmpty ? 0 : 1)
      }
    }
  }
}
