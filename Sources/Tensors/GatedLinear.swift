/// Two linear layers of which one gates the other, `(x W₁ᵀ + b₁) f(x W₂ᵀ + b₂)`: the first half of a gated feed-forward
/// block (Shazeer 2020), GEGLU where f is GELU and SwiGLU where it is SiLU.
package struct GatedLinear: Sendable {
  private let value: Linear
  private let gate: Linear
  private let activation: Activation

  /// Takes two layers of one size.
  package init(value: Linear, gate: Linear, activation: Activation) {
    precondition(
      value.inputs == gate.inputs && value.outputs == gate.outputs,
      "a layer to \(value.outputs) gated by one to \(gate.outputs)")
    (self.value, self.gate, self.activation) = (value, gate, activation)
  }

  /// Takes one weight [2 d, in] and bias [2 d], value first, as diffusers' GEGLU, or the gate first; throws what reading
  /// the weight throws.
  package init(
    weight: WeightSource, bias: Tensor? = nil, gateFirst: Bool = false, activation: Activation = .gelu,
    precision: Precision = .f32
  ) throws {
    precondition(weight.shape[0] % 2 == 0, "a gated layer halves its projection of \(weight.shape[0])")
    let width = weight.shape[0] / 2
    func half(_ range: Range<Int>) throws -> Linear {
      try Linear(weight: weight.rows(range), bias: bias?.samples(range), precision: precision)
    }
    let halves = (try half(0..<width), try half(width..<2 * width))
    let (value, gate) = gateFirst ? (halves.1, halves.0) : halves
    self.init(value: value, gate: gate, activation: activation)
  }

  package init(
    weight: Tensor, bias: Tensor? = nil, gateFirst: Bool = false, activation: Activation = .gelu,
    precision: Precision = .f32
  ) {
    // Reading a tensor never throws.
    do {
      try self.init(
        weight: WeightSource(weight), bias: bias, gateFirst: gateFirst, activation: activation, precision: precision)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Columns of a tile: few enough for both halves to stay in the second-level cache.
  private static let widestTile = 256

  /// [n, ..., in] -> [n, ..., d]; the projection is held a tile at a time.
  package func callAsFunction(_ x: Tensor) -> Tensor {
    let (inputs, width) = (value.inputs, value.outputs)
    precondition(x.shape.count >= 2 && x.shape.last == inputs, "\(x.shape) into a layer of \(inputs) inputs")
    let tiles = ProductTiles(
      rows: x.shape.dropFirst().dropLast().reduce(1, *), columns: width, widestTile: Self.widestTile,
      widens: value.staysInFile || gate.staysInFile, precision: value.precision)
    let samples = x.shape[0]
    return Profile.measure(.linear, value.work(rows: x.count / inputs) * 2) {
      gatedProduct(x, tiles: tiles, samples: samples)
    }
  }

  private func gatedProduct(_ x: Tensor, tiles: ProductTiles, samples: Int) -> Tensor {
    Tensor(shape: x.shape.dropLast() + [value.outputs]) { y in
      guard let y = y.baseAddress, x.count > 0 else { return }
      x.withUnsafePointer { start in
        let rows = FactorRows(
          start, rows: x.count / value.inputs, inputs: value.inputs, precision: value.precision)
        tiles.forEach(samples: samples) { tile in
          let width = tile.columns.count
          let both = AlignedStorage(count: 2 * tile.rows.count * width)
          let gates = both.elements + tile.rows.count * width
          value.multiply(rows, rows: tile.rows, tile: tile, y: both.elements, yStride: width)
          gate.multiply(rows, rows: tile.rows, tile: tile, y: gates, yStride: width)
          for (index, row) in tile.rows.enumerated() {
            gateRow(
              both.elements + index * width, gates + index * width,
              y + row * value.outputs + tile.columns.lowerBound, width: width)
          }
        }
      }
    }
  }

  /// Writes `value f(gate)`.
  private func gateRow(
    _ value: UnsafePointer<Float>, _ gate: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    activation.withFunction { function in
      forEachVector(0..<width) { i in
        (Vector(loading: value + i) * function(Vector(loading: gate + i))).store(to: y + i)
      } tail: { i, lanes in
        (Vector(loading: value + i, count: lanes) * function(Vector(loading: gate + i, count: lanes)))
          .store(to: y + i, count: lanes)
      }
    }
  }
}
