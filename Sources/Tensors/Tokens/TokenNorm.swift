/// Normalises the channels of each token and modulates them by vectors that every sample has: adaptive normalisation
/// (Peebles and Xie 2023).
///
/// `y = norm(x) weight (1 + scale) + shift` or, with a gate, `y = residual + gate norm(x) weight`, where what is left out
/// changes nothing.
package struct TokenNorm: Sendable {
  package enum Statistics: Sendable {
    /// Mean and variance, as torch.nn.LayerNorm.
    case layer
    /// The mean square, as torch.nn.RMSNorm.
    case rootMeanSquare
  }

  private let statistics: Statistics
  private let eps: Float
  private let weight: Tensor?  // [c]

  package init(_ statistics: Statistics, eps: Float, weight: Tensor? = nil) {
    (self.statistics, self.eps, self.weight) = (statistics, eps, weight)
  }

  /// What is done to the tokens of a stretch.
  package struct Modulation {
    let tokens: Range<Int>
    let scale, shift, gate: SampleVector?

    package init(
      _ tokens: Range<Int>, scale: SampleVector? = nil, shift: SampleVector? = nil, gate: SampleVector? = nil
    ) {
      (self.tokens, self.scale, self.shift, self.gate) = (tokens, scale, shift, gate)
    }
  }

  private static let rowsPerTile = 16

  /// The tokens of the stretches, which follow each other: [n, t, c] -> [n, t', c].
  ///
  /// With a `residual`, [n, t', c], that is added.
  package func callAsFunction(_ x: Tensor, _ stretches: [Modulation], residual: Tensor? = nil) -> Tensor {
    let (samples, tokens, channels) = (x.shape[0], x.shape[1], x.shape[2])
    precondition(weight == nil || weight?.count == channels, "\(x.shape) into a normalisation")
    let begin = stretches[0].tokens.lowerBound
    let count = stretches[stretches.count - 1].tokens.upperBound - begin
    precondition(residual == nil || residual?.shape == [samples, count, channels], "residual of another shape")
    return Profile.measure(.layerNorm, Profile.Work(floats: 2 * samples * count * channels)) {
      Tensor(shape: [samples, count, channels]) { y in
        guard let y = y.baseAddress, samples * count * channels > 0 else { return }
        x.withUnsafePointer { x in
          withOptionalPointer(weight) { weight in
            withOptionalPointer(residual) { residual in
              for stretch in stretches {
                let tiles = (stretch.tokens.count + Self.rowsPerTile - 1) / Self.rowsPerTile
                stretch.withPointers { vectors in
                  Parallel.forEach(samples * tiles) { index in
                    let (sample, tile) = index.quotientAndRemainder(dividingBy: tiles)
                    let row = Row(weight: weight, vectors, sample: sample, channels: channels)
                    for token in stretch.tokens.dropFirst(tile * Self.rowsPerTile).prefix(Self.rowsPerTile) {
                      let target = (sample * count + token - begin) * channels
                      normalize(
                        x + (sample * tokens + token) * channels, row, residual: residual.map { $0 + target },
                        y + target)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// All of one sequence alike.
  package func callAsFunction(
    _ x: Tensor, scale: SampleVector? = nil, shift: SampleVector? = nil, gate: SampleVector? = nil,
    residual: Tensor? = nil
  ) -> Tensor {
    self(x, [Modulation(0..<x.shape[1], scale: scale, shift: shift, gate: gate)], residual: residual)
  }

  // MARK: - A row

  fileprivate struct Vectors {
    let scale, shift, gate: SampleVector.Pointers?
  }

  private struct Row {
    let weight, scale, shift, gate: UnsafePointer<Float>?
    let channels: Int

    init(weight: UnsafePointer<Float>?, _ vectors: Vectors, sample: Int, channels: Int) {
      (self.weight, self.channels) = (weight, channels)
      (scale, shift, gate) = (vectors.scale?[sample], vectors.shift?[sample], vectors.gate?[sample])
    }
  }

  private func normalize(
    _ x: UnsafePointer<Float>, _ row: Row, residual: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
  ) {
    let center = Vector(repeating: statistics == .layer ? mean(x, row.channels) : 0)
    let scale = Vector(repeating: 1 / (meanSquare(x, from: center, row.channels) + eps).squareRoot())
    @inline(__always) func value(_ c: Int, _ load: (UnsafePointer<Float>) -> Vector) -> Vector {
      var value = (load(x + c) - center) * scale
      if let weight = row.weight { value *= load(weight + c) }
      if let factor = row.scale { value *= 1 + load(factor + c) }
      if let shift = row.shift { value += load(shift + c) }
      if let gate = row.gate { value *= load(gate + c) }
      if let residual { value += load(residual + c) }
      return value
    }
    forEachVector(0..<row.channels) { c in
      value(c) { Vector(loading: $0) }.store(to: y + c)
    } tail: { c, lanes in
      value(c) { Vector(loading: $0, count: lanes) }.store(to: y + c, count: lanes)
    }
  }

  private func mean(_ x: UnsafePointer<Float>, _ channels: Int) -> Float {
    var sums = Vector.zero
    forEachVector(0..<channels) { c in
      sums += Vector(loading: x + c)
    } tail: { c, lanes in
      sums += Vector(loading: x + c, count: lanes)
    }
    return sums.laneSum / Float(channels)
  }

  private func meanSquare(_ x: UnsafePointer<Float>, from center: Vector, _ channels: Int) -> Float {
    var squares = Vector.zero
    forEachVector(0..<channels) { c in
      let distance = Vector(loading: x + c) - center
      squares = squares.addingProduct(distance, distance)
    } tail: { c, lanes in
      let distance = Vector(loading: x + c, count: lanes, filler: center[0]) - center
      squares = squares.addingProduct(distance, distance)
    }
    return squares.laneSum / Float(channels)
  }
}

extension TokenNorm.Modulation {
  /// The vectors of each sample; good inside `body` only.
  fileprivate func withPointers(_ body: (TokenNorm.Vectors) -> Void) {
    func with(_ vector: SampleVector?, _ body: (SampleVector.Pointers?) -> Void) {
      guard let vector else { return body(nil) }
      vector.withPointers(body)
    }
    with(scale) { scale in
      with(shift) { shift in
        with(gate) { gate in body(TokenNorm.Vectors(scale: scale, shift: shift, gate: gate)) }
      }
    }
  }
}
