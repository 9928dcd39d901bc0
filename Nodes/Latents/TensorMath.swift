import GraphEngine
import Tensors

/// `a x + b y` of two values of one kind, and the statistics of a third, for what no other node does.
package struct TensorMath: Node {
  enum Statistics: String, CaseIterable { case own, mean, meanAndDeviation = "mean_and_deviation" }

  package static let info = NodeInfo(
    type: "TensorMath", version: 2, lane: .compute,
    summary: "Computes a x + b y, and gives channels the mean and deviation of others.")

  let x = Input<PlainTensor>(
    "x", "A latent, a prediction, a conditioning, whose pooled vector is computed with likewise, or any other tensor.")
  let y = OptionalInput<PlainTensor>("y", "A second one of the same kind, level and shape; one sample stands for all.")
  let like = OptionalInput<PlainTensor>(
    "like", "A latent or prediction with as many channels, whose statistics the result is to have; x when left out.")
  let a = Parameter("a", "What x is multiplied by.", default: 1.0)
  let b = Parameter("b", "What y is multiplied by.", default: 1.0)
  let statistics = Parameter(
    "statistics",
    "What each channel of each sample has in the end: its own mean and deviation, or those of the channel of `like`.",
    default: Statistics.own.rawValue, options: Statistics.allCases.map(\.rawValue))
  let tensor = Output<PlainTensor>("tensor", "The result, of the kind of x.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (x, y) = (io[x], io[y])
    var result = Float(io[a]) * x.tensor
    var pooled = x.pooled.map { Float(io[a]) * $0 }
    if let y {
      guard x.tensor.shape.dropFirst() == y.tensor.shape.dropFirst(), y.tensor.shape.count > 0,
        [1, x.tensor.shape[0]].contains(y.tensor.shape[0])
      else { throw NodeFailure("'y' is \(y.tensor.shape), but 'x' is \(x.tensor.shape)", at: self.y.name) }
      try requireSameKind(x, y)
      let other = y.tensor.repeated(x.tensor.shape[0] / y.tensor.shape[0])
      result = Tensor.combination(Float(io[a]), x.tensor, Float(io[b]), other)
      pooled = try combinedPooled(x, y, a: Float(io[a]), b: Float(io[b]))
    }
    if let statistics = Statistics(rawValue: io[statistics]), statistics != .own {
      let like = io[like] ?? x
      guard result.shape.count == 4, like.tensor.shape.count == 4, like.tensor.shape[1] == result.shape[1],
        [1, result.shape[0]].contains(like.tensor.shape[0])
      else {
        throw NodeFailure(
          "'like' is \(like.tensor.shape), but the result is \(result.shape); [n, c, h, w] with as many channels was "
            + "expected", at: io[self.like] == nil ? self.x.name : self.like.name)
      }
      result = result.withStatistics(of: like.tensor, deviation: statistics == .meanAndDeviation)
    }
    io[tensor] = PlainTensor(tensor: result, metadata: x.metadata, pooled: pooled)
  }

  /// a x + b y of the vectors for whole texts, which both have or neither.
  private func combinedPooled(_ x: PlainTensor, _ y: PlainTensor, a: Float, b: Float) throws -> Tensor? {
    guard let first = x.pooled, let second = y.pooled else {
      guard x.pooled == nil, y.pooled == nil else {
        throw NodeFailure("only '\(x.pooled == nil ? "y" : "x")' has a pooled vector", at: self.y.name)
      }
      return nil
    }
    guard first.shape.dropFirst() == second.shape.dropFirst(), [1, first.shape[0]].contains(second.shape[0]) else {
      throw NodeFailure("the pooled vectors are \(first.shape) and \(second.shape)", at: self.y.name)
    }
    return Tensor.combination(a, first, b, second.repeated(first.shape[0] / second.shape[0]))
  }

  /// Levels and kinds of predictions are what values say of themselves.
  private func requireSameKind(_ x: PlainTensor, _ y: PlainTensor) throws {
    for key in Set(x.metadata.keys).union(y.metadata.keys).sorted() {
      guard let first = x.metadata[key], let second = y.metadata[key], first != second else { continue }
      throw NodeFailure(
        "'y' is of \(key) \(second), but 'x' of \(key) \(first)", at: self.y.name,
        notes: ["two of one \(key) were expected"])
    }
  }
}

extension Tensor {
  /// Every plane of [n, c, h, w] with the mean and, if asked for, the deviation of that plane of another tensor.
  fileprivate func withStatistics(of other: Tensor, deviation: Bool) -> Tensor {
    let plane = shape[2] * shape[3]
    let (own, wanted) = (planeStatistics, other.planeStatistics)
    return Tensor(shape: shape) { target in
      withUnsafeBufferPointer { source in
        for i in target.indices {
          let (mean, spread) = own[i / plane]
          let (toMean, toSpread) = wanted[i / plane % wanted.count]
          let scale = deviation && spread > 0 ? toSpread / spread : 1
          target[i] = Float((Double(source[i]) - mean) * scale + toMean)
        }
      }
    }
  }

  /// Mean and deviation, with Bessel's correction, of each plane.
  private var planeStatistics: [(mean: Double, deviation: Double)] {
    let plane = shape[2] * shape[3]
    return withUnsafeBufferPointer { values in
      (0..<shape[0] * shape[1]).map { index in
        let part = values[index * plane..<(index + 1) * plane]
        let mean = part.reduce(0.0) { $0 + Double($1) } / Double(plane)
        let squares = part.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return (mean, plane > 1 ? (squares / Double(plane - 1)).squareRoot() : 0)
      }
    }
  }
}
