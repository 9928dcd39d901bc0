import GraphEngine
import Tensors

/// Conditionings made of one or two others, as ComfyUI's nodes ConditioningAverage, ConditioningConcat, ConditioningCombine and
/// ConditioningZeroOut make them.
package struct ConditioningMix: Node {
  enum Mode: String, CaseIterable { case average, concatenate, combine, zero }

  package static let info = NodeInfo(
    type: "ConditioningMix", version: 1, lane: .compute, summary: "Mixes two conditionings, or makes zeros of one.")

  let to = Input<Conditioning>("to", "The conditioning whose sizes, and pooled vector where it is not mixed, stay.")
  let from = OptionalInput<Conditioning>("from", "The other one; none for zero.")
  let mode = Parameter<String>(
    "mode",
    "average: strength to + (1 - strength) from, state by state, a shorter 'from' filled up with zeros; concatenate: the "
      + "states of 'from' behind those of 'to'; combine: both are predicted with, and the predictions averaged; zero: zeros "
      + "of the form of 'to'.",
    options: Mode.allCases.map(\.rawValue))
  let strength = Parameter("strength", "How much of 'to' is in an average.", default: 0.5, min: 0, max: 1)
  let conditioning = Output<Conditioning>("conditioning", "The mixture.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let (to, from, strength) = (io[to], io[from], Float(io[strength]))
    let mode = Mode(rawValue: io[mode])
    if mode == .zero {
      if from != nil { throw NodeFailure("zeros are made of 'to' alone; no 'from' was expected", at: self.from.name) }
      io[conditioning] = to.mapParts { $0.zeros }
      return
    }
    guard let from else {
      throw NodeFailure("\(io[self.mode]) takes two conditionings; 'from' was expected", at: self.mode.name)
    }
    if mode == .combine {
      io[conditioning] = Conditioning(averaging: to.parts + from.parts)
      return
    }
    if from.parts.count > 1 {
      io.warn("of the \(from.parts.count) prompts combined in 'from' the first is taken", self.from.name)
    }
    let other = from.parts[0]
    io[conditioning] = try to.mapParts { part in
      try checkFit(part, other)
      return mode == .average ? part.averaged(with: other, strength: strength) : part.concatenated(with: other)
    }
  }

  private func checkFit(_ to: Conditioning, _ from: Conditioning) throws {
    let (a, b) = (to.tensor.shape, from.tensor.shape)
    guard a[2] == b[2], b[0] == 1 || a[0] == b[0] else {
      throw NodeFailure("'from' is \(b), but 'to' is \(a); the same width and number were expected", at: self.from.name)
    }
    if let to = to.pooled, let from = from.pooled, to.shape[1] != from.shape[1] {
      throw NodeFailure(
        "the pooled vector of 'from' is \(from.shape), but that of 'to' is \(to.shape)", at: self.from.name)
    }
  }
}

extension Conditioning {
  fileprivate func mapParts(_ transform: (Conditioning) throws -> Conditioning) rethrows -> Conditioning {
    Conditioning(averaging: try parts.map(transform))
  }

  fileprivate var zeros: Conditioning {
    Conditioning(.zeros(tensor.shape), pooled: pooled.map { .zeros($0.shape) }, sizes: sizes)
  }

  fileprivate func averaged(with from: Conditioning, strength: Float) -> Conditioning {
    let count = tensor.shape[0]
    let states = strength * tensor + (1 - strength) * from.tensor.fitted(toTokens: tensor.shape[1], samples: count)
    let pooled = from.pooled.map { other in
      self.pooled.map { strength * $0 + (1 - strength) * other.repeated(toSamples: $0.shape[0]) } ?? other
    }
    return Conditioning(states, pooled: pooled ?? self.pooled, sizes: sizes)
  }

  fileprivate func concatenated(with from: Conditioning) -> Conditioning {
    let (tokens, more) = (tensor.shape[1], from.tensor.shape[1])
    let padded = tensor.fitted(toTokens: tokens + more, samples: tensor.shape[0])
    let joined = padded.replacingTokens(from: tokens, with: from.tensor.repeated(toSamples: tensor.shape[0]))
    return Conditioning(joined, pooled: pooled, sizes: sizes)
  }
}

extension Tensor {
  /// One sample for all, or as many as there are: [1 or n, ...] -> [n, ...].
  fileprivate func repeated(toSamples count: Int) -> Tensor { shape[0] == count ? self : repeated(count) }

  /// [1 or n, t, d] cut or filled up with zeros: [n, tokens, d].
  fileprivate func fitted(toTokens tokens: Int, samples: Int) -> Tensor {
    Tensor.zeros([samples, tokens, shape[2]]).replacingTokens(from: 0, with: repeated(toSamples: samples))
  }

  /// [n, t, d] with the rows of `other`, [n, t', d], from token `start` on, as far as there is room.
  fileprivate func replacingTokens(from start: Int, with other: Tensor) -> Tensor {
    let (samples, tokens, width) = (shape[0], shape[1], shape[2])
    let count = min(other.shape[1], tokens - start)
    return Tensor(shape: shape) { target in
      _ = withUnsafeBufferPointer { target.update(fromContentsOf: $0) }
      other.withUnsafeBufferPointer { source in
        for sample in 0..<samples {
          let (to, from) = ((sample * tokens + start) * width, sample * other.shape[1] * width)
          for index in 0..<count * width { target[to + index] = source[from + index] }
        }
      }
    }
  }
}
