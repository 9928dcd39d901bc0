import Tensors
import Testing

/// What transformers over tokens are made of: products of stretches, modulated norms, attention with prepared heads.
struct TokensTests {
  private static func random(_ shape: [Int], _ seed: UInt64) -> Tensor {
    NormalStream(seed: seed, generator: .philox).draw(0, shape: shape)
  }

  private static func linear(_ inputs: Int, _ outputs: Int, _ seed: UInt64, precision: Precision = .f32) -> Linear {
    Linear(
      weight: random([outputs, inputs], seed), bias: random([outputs], seed + 1), precision: precision)
  }

  /// Tokens `range` of every sample.
  private static func tokens(_ x: Tensor, _ range: Range<Int>) -> Tensor {
    Tensor(
      concatenating: (0..<x.shape[0]).map {
        x.sample($0).reshaped([x.shape[1], x.shape[2]]).samples(range)
      }
    ).reshaped([x.shape[0], range.count, x.shape[2]])
  }

  /// One layer for each stretch gives what each gives alone, to the bit, whatever lies beside it.
  @Test(arguments: [(1, 5, 7, 19, 33), (2, 64, 131, 48, 80), (3, 1, 200, 16, 130)])
  func stretchesAreWhatTheyAreAlone(_ samples: Int, _ text: Int, _ picture: Int, _ inputs: Int, _ outputs: Int) {
    let x = Self.random([samples, text + picture, inputs], 1)
    let layers = [Self.linear(inputs, outputs, 10), Self.linear(inputs, outputs, 20)]
    let stretches = [0..<text, text..<text + picture]
    let other = Self.linear(inputs, 24, 30)
    let both = Tensor(
      sideBySide: [TokenProjection(x, layers, stretches: stretches), TokenProjection(x, other)])
    #expect(both.shape == [samples, text + picture, outputs + 24])
    let (left, right) = both.columns(outputs)
    for (layer, range) in zip(layers, stretches) {
      #expect(Self.tokens(left, range) == layer(Self.tokens(x, range)))
    }
    #expect(right == other(x))
    let joined = Tensor(
      TokenProjection(joining: [(Self.tokens(x, stretches[0]), layers[0]), (Self.tokens(x, stretches[1]), layers[1])]))
    #expect(joined == left)
    let gates = [Self.linear(inputs, outputs, 40), Self.linear(inputs, outputs, 50)]
    let gated = Tensor(
      TokenProjection(x, layers, stretches: stretches, finish: .gated(by: gates, .silu)))
    for ((layer, gate), range) in zip(zip(layers, gates), stretches) {
      let part = Self.tokens(x, range)
      expectNear(Self.tokens(gated, range), layer(part) * gate(part).activated(by: .silu))
    }
    let residual = Self.random([samples, text + picture, outputs], 3)
    let vectors = Self.random([samples, 3 * outputs], 4)
    let summed = Tensor(
      TokenProjection(
        x, layers, stretches: stretches,
        finish: .gatedResidual(
          residual, gates: [0, 2].map { SampleVector(vectors, columns: $0 * outputs..<($0 + 1) * outputs) })))
    for (index, range) in stretches.enumerated() {
      let part = layers[index](Self.tokens(x, range))
      let gate = (0..<samples).map { sample in
        Tensor(shape: [1, range.count, outputs]) { target in
          for place in target.indices {
            target[place] = vectors.values[sample * 3 * outputs + 2 * index * outputs + place % outputs]
          }
        }
      }
      expectNear(
        Self.tokens(summed, range), Self.tokens(residual, range) + Tensor(concatenating: gate) * part)
    }
  }

  @Test(arguments: [(1, 3, 4, 16), (2, 20, 33, 50)])
  func normsAreModulatedByStretch(_ samples: Int, _ text: Int, _ picture: Int, _ channels: Int) {
    let count = text + picture
    let x = Self.random([samples, count + 2, channels], 1)
    let (vectors, weight) = (Self.random([samples, 4 * channels], 2), Self.random([channels], 3))
    let residual = Self.random([samples, count, channels], 4)
    func vector(_ index: Int) -> SampleVector {
      SampleVector(vectors, columns: index * channels..<(index + 1) * channels)
    }
    for statistics in [TokenNorm.Statistics.layer, .rootMeanSquare] {
      let norm = TokenNorm(statistics, eps: 1e-5, weight: weight)
      let result = norm(
        x,
        [
          .init(1..<1 + text, scale: vector(0), shift: vector(1)), .init(1 + text..<1 + count, gate: vector(2)),
        ], residual: residual)
      let (x, vectors, weight, residual) = (x.values, vectors.values, weight.values, residual.values)
      var expected: [Double] = []
      for sample in 0..<samples {
        for token in 0..<count {
          let row = (0..<channels).map { Double(x[(sample * (count + 2) + token + 1) * channels + $0]) }
          let mean = statistics == .layer ? row.reduce(0, +) / Double(channels) : 0
          let square = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(channels)
          for c in 0..<channels {
            func number(_ index: Int) -> Double { Double(vectors[(sample * 4 + index) * channels + c]) }
            var value = (row[c] - mean) / (square + 1e-5).squareRoot() * Double(weight[c])
            value = token < text ? value * (1 + number(0)) + number(1) : value * number(2)
            expected.append(value + Double(residual[(sample * count + token) * channels + c]))
          }
        }
      }
      expectNear(result, Tensor(shape: result.shape, values: expected.map { Float($0) }))
    }
  }

  /// Norms and rotations done where queries and keys are packed are those done before, to the bit.
  @Test(arguments: [(1, 5, 8, 2, 8), (2, 70, 100, 3, 24), (1, 130, 70, 2, 128)])
  func attentionPreparesItsHeads(_ samples: Int, _ text: Int, _ picture: Int, _ headCount: Int, _ headWidth: Int) {
    let (count, width) = (text + picture, headCount * headWidth)
    let projected = Self.random([samples, count, 3 * width], 1)
    let stretches = [0..<text, text..<count]
    let weights = (0..<4).map { Self.random([headWidth], 2 + $0) }
    let rotation = RotaryEmbedding(
      angles: (0..<count).map { token in (0..<headWidth / 2).map { Double(token) / Double($0 + 1) } },
      pairing: .neighbours)
    func norms(_ first: Int) -> [(tokens: Range<Int>, weight: Tensor)] {
      stretches.enumerated().map { ($1, weights[first + $0]) }
    }
    func prepared(_ x: Tensor, _ first: Int) -> Tensor {
      let parts = stretches.enumerated().map {
        RMSNorm(eps: 1e-6, weight: weights[first + $0])(Self.tokens(x, $1))
      }
      let joined = (0..<samples).flatMap { sample in
        parts.map { $0.sample(sample).reshaped([$0.shape[1], width]) }
      }
      return rotation(Tensor(concatenating: joined).reshaped([samples, count, width]))
    }
    let (query, rest) = projected.columns(width)
    let (key, value) = rest.columns(width)
    for precision in [Precision.f32, .bf16] where precision.isSupported {
      let heads = NormedHeads(count: headCount, headWidth: headWidth, eps: 1e-6, precision: precision)
      let own = SelfAttention(projected, heads, queryNorms: norms(0), keyNorms: norms(2), rotation: rotation)
      let expected = attention(
        query: prepared(query, 0), key: prepared(key, 2), value: value, heads: headCount, precision: precision)
      #expect(Tensor(own) == expected)
      let beside = Tensor(sideBySide: [own, TokenProjection(query, Self.linear(width, 5, 9))])
      #expect(beside.columns(width).0 == expected)
    }
  }
}

extension Tensor {
  /// The first columns of every row, and the others.
  fileprivate func columns(_ count: Int) -> (Tensor, Tensor) {
    let (width, values) = (shape[shape.count - 1], values)
    let rows = values.count / width
    func part(_ range: Range<Int>) -> Tensor {
      Tensor(
        shape: shape.dropLast() + [range.count],
        values: (0..<rows).flatMap { values[$0 * width + range.lowerBound..<$0 * width + range.upperBound] })
    }
    return (part(0..<count), part(count..<width))
  }
}

private func expectNear(_ actual: Tensor, _ expected: Tensor, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(actual.shape == expected.shape, sourceLocation: sourceLocation)
  let size = expected.values.reduce(0) { max($0, abs($1)) }
  let error = zip(actual.values, expected.values).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
  #expect(error <= 4e-6 * max(size, 1), "\(error) of \(size)", sourceLocation: sourceLocation)
}
