/// Linear layers over a sequence of tokens: one layer for all, or one for each stretch of it, as where text and picture are
/// one sequence and have layers of their own.
package struct TokenProjection: TokenColumns {
  /// What is done to a product.
  package enum Finish {
    case nothing
    case activation(Activation)
    /// `product f(gate)`, with a layer for each stretch that makes the gate of the same tokens.
    case gated(by: [Linear], Activation)
    /// `residual + gate product`, the residual [n, t, out], with a gate for each stretch.
    case gatedResidual(Tensor, gates: [SampleVector])
  }

  private struct Stretch {
    let tokens: Range<Int>
    let x: Tensor
    /// The token of `x` that it begins with.
    let first: Int
    let layer: Linear
  }

  private let stretches: [Stretch]
  private let finish: Finish
  package let shape: [Int]

  /// `layers[i]` of the tokens `stretches[i]` of x [n, t, in], which follow each other and are all: [n, t, out].
  package init(_ x: Tensor, _ layers: [Linear], stretches: [Range<Int>], finish: Finish = .nothing) {
    self.init(
      zip(stretches, layers).map { Stretch(tokens: $0, x: x, first: $0.lowerBound, layer: $1) },
      samples: x.shape[0], finish: finish)
    precondition(shape[1] == x.shape[1], "stretches \(stretches) of \(x.shape)")
  }

  package init(_ x: Tensor, _ layer: Linear, finish: Finish = .nothing) {
    self.init(x, [layer], stretches: [0..<x.shape[1]], finish: finish)
  }

  /// Sequences of several inputs, each through its layer, one after the other: [n, a, in], [n, b, in'] -> [n, a + b, out].
  package init(joining parts: [(x: Tensor, layer: Linear)]) {
    var stretches: [Stretch] = []
    for (x, layer) in parts {
      let first = stretches.last?.tokens.upperBound ?? 0
      stretches.append(Stretch(tokens: first..<first + x.shape[1], x: x, first: 0, layer: layer))
    }
    self.init(stretches, samples: parts[0].x.shape[0], finish: .nothing)
  }

  private init(_ stretches: [Stretch], samples: Int, finish: Finish) {
    precondition(!stretches.isEmpty, "a projection of no tokens")
    let outputs = stretches[0].layer.outputs
    shape = [samples, stretches[stretches.count - 1].tokens.upperBound, outputs]
    precondition(stretches[0].tokens.lowerBound == 0, "stretches that begin at \(stretches[0].tokens)")
    for (index, stretch) in stretches.enumerated() {
      precondition(index == 0 || stretches[index - 1].tokens.upperBound == stretch.tokens.lowerBound, "a gap")
      precondition(
        stretch.x.shape == [samples, stretch.x.shape[1], stretch.layer.inputs] && stretch.layer.outputs == outputs,
        "\(stretch.x.shape) into a layer of \(stretch.layer.inputs) inputs and \(stretch.layer.outputs) outputs")
    }
    if case .gatedResidual(let residual, let gates) = finish {
      precondition(residual.shape == shape && gates.count == stretches.count, "a residual \(residual.shape)")
      precondition(gates.allSatisfy { $0.count == outputs }, "gates of another width than \(outputs)")
    }
    if case .gated(let layers, _) = finish {
      precondition(
        layers.map { [$0.inputs, $0.outputs] } == stretches.map { [$0.layer.inputs, $0.layer.outputs] },
        "layers gated by others of another size")
    }
    (self.stretches, self.finish) = (stretches, finish)
  }

  /// Columns of a tile where one layer gates another: few enough for both to stay in the second-level cache.
  private static let widestGatedTile = 256

  package func write(to y: UnsafeMutablePointer<Float>, stride: Int) {
    for (index, stretch) in stretches.enumerated() where !stretch.tokens.isEmpty {
      let work = stretch.layer.work(rows: shape[0] * stretch.tokens.count)
      Profile.measure(.linear, isGated ? work * 2 : work) { write(stretch, index, to: y, stride: stride) }
    }
  }

  private var isGated: Bool { if case .gated = finish { true } else { false } }

  private func write(_ stretch: Stretch, _ index: Int, to y: UnsafeMutablePointer<Float>, stride: Int) {
    let (count, inputs, outputs) = (stretch.tokens.count, stretch.layer.inputs, shape[2])
    let tiles = ProductTiles(
      rows: count, columns: outputs, widestTile: isGated ? Self.widestGatedTile : .max,
      widens: stretch.layer.staysInFile, precision: stretch.layer.precision)
    /// Computes the product tile by tile; `finish` gets another layer's product with the same rows too.
    func product(
      _ finish: (
        _ tile: ProductTiles.Tile, _ sample: Int, _ y: UnsafeMutablePointer<Float>,
        _ other: (_ layer: Linear, _ y: UnsafeMutablePointer<Float>) -> Void
      ) -> Void
    ) {
      stretch.x.withUnsafePointer { x in
        let x = FactorRows(
          x + stretch.first * inputs, samples: shape[0], rows: count, inputs: inputs,
          sampleStride: stretch.x.shape[1] * inputs, precision: stretch.layer.precision)
        tiles.forEach(samples: shape[0]) { tile in
          let (sample, row) = tile.rows.lowerBound.quotientAndRemainder(dividingBy: count)
          let first = sample * shape[1] + stretch.tokens.lowerBound + row
          let y = y + (first * stride + tile.columns.lowerBound)
          func multiply(_ layer: Linear, _ y: UnsafeMutablePointer<Float>, stride: Int) {
            layer.multiply(
              x, sample: sample, rows: row..<row + tile.rows.count,
              tile: .init(rows: 0..<tile.rows.count, columns: tile.columns), y: y, yStride: stride)
          }
          multiply(stretch.layer, y, stride: stride)
          finish(.init(rows: first..<first + tile.rows.count, columns: tile.columns), sample, y) {
            multiply($0, $1, stride: tile.columns.count)
          }
        }
      }
    }
    switch finish {
    case .nothing: product { _, _, _, _ in }
    case .activation(let activation):
      product { tile, _, y, _ in
        for row in 0..<tile.rows.count { activation.apply(to: y + row * stride, count: tile.columns.count) }
      }
    case .gated(let layers, let activation):
      product { tile, _, y, other in
        let (rows, width) = (tile.rows.count, tile.columns.count)
        let gates = AlignedStorage(count: rows * width)
        other(layers[index], gates.elements)
        activation.apply(to: gates.elements, count: rows * width)
        for row in 0..<rows { multiply(y + row * stride, by: gates.elements + row * width, count: width) }
        withExtendedLifetime(gates) {}
      }
    case .gatedResidual(let residual, let gates):
      residual.withUnsafePointer { residual in
        gates[index].withPointers { gates in
          product { tile, sample, y, _ in
            let gate = gates[sample] + tile.columns.lowerBound
            for row in 0..<tile.rows.count {
              addGated(
                residual + ((tile.rows.lowerBound + row) * outputs + tile.columns.lowerBound), gate, y + row * stride,
                count: tile.columns.count)
            }
          }
        }
      }
    }
  }

  private func multiply(_ y: UnsafeMutablePointer<Float>, by gate: UnsafePointer<Float>, count: Int) {
    forEachVector(0..<count) { i in
      (Vector(loading: y + i) * Vector(loading: gate + i)).store(to: y + i)
    } tail: { i, lanes in
      (Vector(loading: y + i, count: lanes) * Vector(loading: gate + i, count: lanes)).store(to: y + i, count: lanes)
    }
  }

  /// `y = residual + gate y`.
  private func addGated(
    _ residual: UnsafePointer<Float>, _ gate: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int
  ) {
    forEachVector(0..<count) { i in
      Vector(loading: residual + i).addingProduct(Vector(loading: gate + i), Vector(loading: y + i)).store(to: y + i)
    } tail: { i, lanes in
      Vector(loading: residual + i, count: lanes)
        .addingProduct(Vector(loading: gate + i, count: lanes), Vector(loading: y + i, count: lanes))
        .store(to: y + i, count: lanes)
    }
  }
}
