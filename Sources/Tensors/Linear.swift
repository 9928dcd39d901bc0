/// A fully connected layer, `y = x Wᵀ + b`, as torch.nn.Linear.
package struct Linear: Sendable {
  package let inputs: Int
  package let outputs: Int
  private let weight: PackedWeight
  private let bias: Tensor?  // [out]

  /// Takes a weight [out, in] (or [out, in, 1, 1]) and a bias [out]; throws what reading the weight throws.
  package init(weight: WeightSource, bias: Tensor? = nil, precision: Precision = .f32) throws {
    precondition(
      weight.shape.count >= 2 && weight.shape.dropFirst(2).allSatisfy { $0 == 1 },
      "a linear layer's weight is [out, in], not \(weight.shape)")
    self.weight = try PackedWeight(weight, precision: precision)
    (outputs, inputs) = (weight.shape[0], weight.shape[1])
    precondition(bias == nil || bias?.shape == [outputs], "bias of a linear layer with \(outputs) outputs")
    self.bias = bias
  }

  package init(weight: Tensor, bias: Tensor? = nil, precision: Precision = .f32) {
    // Reading a tensor never throws.
    do {
      try self.init(weight: WeightSource(weight), bias: bias, precision: precision)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// [n, ..., in] -> [n, ..., out], plus `residual` [n, ..., out] if there is one.
  package func callAsFunction(_ x: Tensor, residual: Tensor? = nil) -> Tensor {
    precondition(x.shape.count >= 2 && x.shape.last == inputs, "\(x.shape) into a layer of \(inputs) inputs")
    let shape = Array(x.shape.dropLast()) + [outputs]
    precondition(residual == nil || residual?.shape == shape, "residual of another shape than \(shape)")
    let tiles = ProductTiles(rows: shape.dropFirst().dropLast().reduce(1, *), columns: outputs)
    return Profile.measure(.linear, weight.work(rows: shape.dropLast().reduce(1, *))) {
      product(x, residual: residual, tiles: tiles, shape: shape)
    }
  }

  private func product(_ x: Tensor, residual: Tensor?, tiles: ProductTiles, shape: [Int]) -> Tensor {
    Tensor(shape: shape) { y in
      guard let y = y.baseAddress, !shape.contains(0) else { return }
      x.withUnsafePointer { x in
        withOptionalPointer(residual) { residual in
          tiles.forEach(samples: shape[0]) { tile in
            multiply(
              x, residual: residual, tile: tile, y: y + tile.rows.lowerBound * outputs + tile.columns.lowerBound,
              yStride: outputs)
          }
        }
      }
    }
  }

  /// What a product with `rows` rows costs.
  func work(rows: Int) -> Profile.Work { weight.work(rows: rows) }

  /// Computes one tile: `x` and `residual` start with the first row, `y` with the tile.
  func multiply(
    _ x: UnsafePointer<Float>, residual: UnsafePointer<Float>? = nil, tile: ProductTiles.Tile,
    y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    let rows = tile.rows.count
    var first = x + tile.rows.lowerBound * inputs
    let rounded = weight.precision == .bf16 ? AlignedStorage(count: rows * weight.depth) : nil
    if let rounded {
      PanelProduct.round(first, rows: rows, depth: inputs, to: rounded.elements)
      first = UnsafePointer(rounded.elements)
    }
    withOptionalPointer(bias) { bias in
      let addends = Addends(columns: bias, residual: residual, residualStride: outputs)
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows) { pointers in
        guard let pointers = pointers.baseAddress else { return }
        for row in 0..<rows { (pointers + row).initialize(to: first + row * weight.depth) }
        weight.multiply(tile, a: pointers, addends: addends, y: y, yStride: yStride)
      }
    }
    withExtendedLifetime(rounded) {}
  }
}
