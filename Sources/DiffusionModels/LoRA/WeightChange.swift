import Tensors
import Weights

/// What a LoRA does to one weight W, D being what it adds: `W + strength scale D`, or DoRA's form of it; or D in W's place.
struct WeightChange: Sendable {
  /// The lengths that DoRA gives to the rows of a changed weight, or to what belongs to one input: Liu et al., 2024.
  struct Magnitude: Sendable {
    enum Formula {
      /// LyCORIS: `V (strength (m / |V| - 1) + 1)` with `V = W + scale D`.
      case lycoris
      /// PEFT: `V m / |V|` with `V = W + strength scale D`.
      case peft
    }

    let values: Tensor
    let isByInput: Bool
    let formula: Formula
  }

  var delta: any WeightDelta
  /// Alpha over rank.
  let scale: Float
  /// Whether the numbers take the place of the weight, whatever the strength.
  var replaces = false
  var magnitude: Magnitude?

  /// The weight with the change.
  ///
  /// Throws what reading the weight throws, which a magnitude by input does here and now.
  func applied(to source: WeightSource, strength: Float) throws -> WeightSource {
    if replaces { return WeightSource(shape: source.shape) { [delta] in delta.write($0, to: $1) } }
    guard let magnitude else { return adding(strength * scale, to: source) }
    let direction = adding(magnitude.formula == .peft ? strength * scale : scale, to: source)
    let factor: @Sendable (Float, Double) -> Float = { [formula = magnitude.formula] magnitude, square in
      switch formula {
      case .lycoris: strength * (magnitude / (Float(square.squareRoot()) + .ulpOfOne) - 1) + 1
      case .peft: magnitude / Float(square.squareRoot())
      }
    }
    return magnitude.isByInput
      ? try Self.scalingInputs(of: direction, factor, magnitude.values)
      : try Self.scalingRows(of: direction, factor, magnitude.values)
  }

  /// The change of one of the weights that a tensor joins; nil where lengths would have to be taken of all together.
  func viewed(_ place: WeightPlace) -> WeightChange? {
    let count = place.shape(of: [delta.rowCount])[0]
    if place.view == .whole { return self }
    var change = WeightChange(delta: delta.viewed(place, rowCount: count), scale: scale, replaces: replaces)
    guard let magnitude else { return change }
    if magnitude.isByInput, count < delta.rowCount { return nil }
    let lengths = magnitude.values.values
    change.magnitude = Magnitude(
      values: magnitude.isByInput
        ? magnitude.values
        : Tensor(shape: [count], values: (0..<count).map { lengths[place.row($0, of: count)] }),
      isByInput: magnitude.isByInput, formula: magnitude.formula)
    return change
  }

  /// A weight that can stay in its file does so, and has what is added beside it, or made whenever it is used: of a quantised
  /// model's weights a copy in single precision would take several times their memory.
  private func adding(_ factor: Float, to source: WeightSource) -> WeightSource {
    let isLowRank = source.stored != nil && (source.changes.isEmpty || source.lowRank != nil)
    let added = isLowRank ? (delta as? LowRankDelta)?.times(factor) : nil
    let lowRank = added.map { added in source.lowRank.map { $0 + added } ?? added }
    return WeightSource(
      shape: source.shape, stored: source.stored, lowRank: lowRank,
      changes: source.changes + [AddedRows(delta: delta, factor: factor)]
    ) { [delta] rows, target in
      try source.readRows(rows, target)
      withUnsafeTemporaryAllocation(of: Float.self, capacity: target.count) { change in
        delta.write(rows, to: change)
        for index in target.indices { target[index] += factor * change[index] }
      }
    }
  }

  /// Rows that stay in their file are read once for their lengths; others have them when they are read.
  private static func scalingRows(
    of source: WeightSource, _ factor: @escaping @Sendable (Float, Double) -> Float, _ magnitudes: Tensor
  ) throws -> WeightSource {
    let (width, magnitudes) = (source.shape.dropFirst().reduce(1, *), magnitudes.values)
    @Sendable func factors(_ rows: Range<Int>, _ numbers: UnsafeMutableBufferPointer<Float>) -> [Float] {
      rows.enumerated().map { index, row in
        let square = numbers[index * width..<(index + 1) * width].reduce(0.0) { $0 + Double($1) * Double($1) }
        return factor(magnitudes[row], square)
      }
    }
    let known = try source.staysInFile ? source.mapRows { factors($0, $1) } : nil
    return WeightSource(
      shape: source.shape, stored: known == nil ? nil : source.stored,
      changes: known.map { source.changes + [ScaledRows(factors: $0)] } ?? []
    ) { rows, target in
      try source.readRows(rows, target)
      for (index, factor) in (known.map { Array($0[rows]) } ?? factors(rows, target)).enumerated() {
        for element in index * width..<(index + 1) * width { target[element] *= factor }
      }
    }
  }

  /// All rows are read once for their lengths, and again for the weight.
  private static func scalingInputs(
    of source: WeightSource, _ factor: @Sendable (Float, Double) -> Float, _ magnitudes: Tensor
  ) throws -> WeightSource {
    let (outputs, inputs) = (source.shape[0], source.shape[1])
    let width = source.shape.dropFirst().reduce(1, *)
    let taps = width / max(inputs, 1)
    var squares = [Double](repeating: 0, count: inputs)
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { line in
      for row in 0..<outputs {
        try source.readRows(row..<row + 1, line)
        for element in 0..<width { squares[element / taps] += Double(line[element]) * Double(line[element]) }
      }
    }
    let factors = zip(magnitudes.values, squares).map(factor)
    return WeightSource(
      shape: source.shape, stored: source.stored,
      changes: source.changes + [ScaledInputs(factors: factors, taps: taps)]
    ) { rows, target in
      try source.readRows(rows, target)
      for element in target.indices { target[element] *= factors[element % width / taps] }
    }
  }
}
