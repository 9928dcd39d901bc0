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

  /// [n, ..., in] -> [n, ..., out], with either an activation applied or `residual`, [n, ..., out], added.
  package func callAsFunction(_ x: Tensor, residual: Tensor? = nil, activation: Activation? = nil) -> Tensor {
    precondition(residual == nil || activation == nil, "an activation of a sum with a residual")
    return Self.outputs(of: [self], for: x, residual: residual, activation: activation)[0]
  }

  /// The outputs of layers of one size for one input, as one piece of parallel work: [n, ..., in] -> [n, ..., out] each.
  package static func outputs(of layers: [Linear], for x: Tensor) -> [Tensor] {
    outputs(of: layers, for: x, residual: nil, activation: nil)
  }

  private static func outputs(
    of layers: [Linear], for x: Tensor, residual: Tensor?, activation: Activation?
  ) -> [Tensor] {
    let (inputs, outputs) = (layers[0].inputs, layers[0].outputs)
    precondition(layers.allSatisfy { $0.inputs == inputs && $0.outputs == outputs }, "layers of several sizes")
    precondition(x.shape.count >= 2 && x.shape.last == inputs, "\(x.shape) into a layer of \(inputs) inputs")
    let shape = Array(x.shape.dropLast()) + [outputs]
    precondition(residual == nil || residual?.shape == shape, "residual of another shape than \(shape)")
    let rows = shape.dropLast().reduce(1, *)
    let tiles = ProductTiles(
      rows: shape.dropFirst().dropLast().reduce(1, *), columns: outputs, widens: layers[0].staysInFile,
      precision: layers[0].precision)
    let all = Profile.measure(.linear, layers[0].work(rows: rows) * layers.count) {
      Tensor(shape: [layers.count] + shape) { y in
        guard let y = y.baseAddress, !shape.contains(0) else { return }
        x.withUnsafePointer { x in
          let x = FactorRows(x, rows: rows, inputs: inputs, precision: layers[0].precision)
          withOptionalPointer(residual) { residual in
            tiles.forEach(samples: layers.count * shape[0]) { tile in
              let layer = tile.rows.lowerBound / rows
              let first = layer * rows
              layers[layer].write(
                .init(rows: tile.rows.lowerBound - first..<tile.rows.upperBound - first, columns: tile.columns),
                of: x, residual: residual, activation: activation, to: y + first * outputs)
            }
          }
        }
      }
    }
    return layers.indices.map { all.sample($0).reshaped(shape) }
  }

  /// Writes one tile of the output `y` of all rows.
  private func write(
    _ tile: ProductTiles.Tile, of x: FactorRows, residual: UnsafePointer<Float>?, activation: Activation?,
    to y: UnsafeMutablePointer<Float>
  ) {
    let y = y + tile.rows.lowerBound * outputs + tile.columns.lowerBound
    multiply(x, rows: tile.rows, residual: residual, tile: tile, y: y, yStride: outputs)
    guard let activation else { return }
    for row in 0..<tile.rows.count { activation.apply(to: y + row * outputs, count: tile.columns.count) }
  }

  /// Whether the weight is read from its file whenever it is used.
  var staysInFile: Bool { weight.staysInFile }

  var precision: Precision { weight.precision }

  /// What a product with `rows` rows costs.
  func work(rows: Int) -> Profile.Work { weight.work(rows: rows) }

  /// Computes one tile of the product with some rows of a sample: `residual` starts with the first row, `y` with the tile.
  func multiply(
    _ x: FactorRows, sample: Int = 0, rows: Range<Int>, residual: UnsafePointer<Float>? = nil, tile: ProductTiles.Tile,
    y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    withOptionalPointer(bias) { bias in
      let addends = Addends(columns: bias, residual: residual, residualStride: outputs)
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows.count) { pointers in
        guard let pointers = pointers.baseAddress else { return }
        x.point(pointers, to: rows, sample: sample)
        weight.multiply(tile, a: pointers, addends: addends, y: y, yStride: yStride)
      }
    }
  }
}
