/// The gated feed-forward input of transformer blocks, as diffusers' GEGLU: `(x W₁ᵀ + b₁) gelu(x W₂ᵀ + b₂)`.
package struct GEGLU: Sendable {
  private let projection: Linear

  /// Takes the layer that makes both halves, value first: [n, ..., in] -> [n, ..., 2 d].
  package init(projection: Linear) {
    precondition(projection.outputs % 2 == 0, "GEGLU halves its projection of \(projection.outputs)")
    self.projection = projection
  }

  /// [n, ..., in] -> [n, ..., d]; the projection is held a tile at a time.
  package func callAsFunction(_ x: Tensor) -> Tensor {
    let (inputs, width) = (projection.inputs, projection.outputs / 2)
    precondition(x.shape.count >= 2 && x.shape.last == inputs, "\(x.shape) into a layer of \(inputs) inputs")
    let rows = x.shape.dropFirst().dropLast().reduce(1, *)
    let samples = x.shape[0]
    let tiles = ProductTiles(rows: rows, columns: width)
    return Tensor(shape: x.shape.dropLast() + [width]) { y in
      guard let y = y.baseAddress, x.count > 0 else { return }
      x.withUnsafePointer { x in
        tiles.forEach(samples: samples) { sample, tile in
          let columns = tile.columns
          let gateColumns = columns.lowerBound + width..<columns.upperBound + width
          let both = AlignedStorage(count: tile.rows.count * columns.count * 2)
          let (value, gate) = (both.elements, both.elements + columns.count)
          for (half, target) in [(columns, value), (gateColumns, gate)] {
            projection.multiply(
              x + sample * rows * inputs, tile: .init(rows: tile.rows, columns: half), y: target,
              yStride: 2 * columns.count)
          }
          for (index, row) in tile.rows.enumerated() {
            gateRow(
              value + index * 2 * columns.count, gate + index * 2 * columns.count,
              y + (sample * rows + row) * width + columns.lowerBound, width: columns.count)
          }
        }
      }
    }
  }

  /// Writes `value gelu(gate)`.
  private func gateRow(
    _ value: UnsafePointer<Float>, _ gate: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int
  ) {
    forEachVector(0..<width) { i in
      (Vector(loading: value + i) * gelu(Vector(loading: gate + i))).store(to: y + i)
    } tail: { i, lanes in
      (Vector(loading: value + i, count: lanes) * gelu(Vector(loading: gate + i, count: lanes)))
        .store(to: y + i, count: lanes)
    }
  }
}
