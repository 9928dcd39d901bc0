import Foundation

/// The noise of training, computed in PyTorch's order of operations: the levels have the reference's bits.
enum TrainingNoise {
  /// a_t, the cumulative product of `1 - beta`: multiplied in double precision and rounded each, as torch.cumprod.
  static func levels(_ betas: [Float]) -> [Float] {
    var product = 1.0
    return betas.map { beta in
      product *= Double(1 - beta)
      return Float(product)
    }
  }

  /// As torch.linspace in single precision: from both ends to the middle, with fused multiply-adds.
  static func linspace(_ start: Double, _ end: Double, _ count: Int) -> [Float] {
    let (start, end) = (Float(start), Float(end))
    if count == 1 { return [start] }
    let step = (end - start) / Float(count - 1)
    return (0..<count).map { index in
      index < count / 2
        ? start.addingProduct(step, Float(index)) : end.addingProduct(-step, Float(count - 1 - index))
    }
  }

  /// The cosine schedule of Nichol and Dhariwal 2021, its betas at most 0.999.
  static func cosineBetas(_ count: Int) -> [Float] {
    let level = { (t: Double) in
      let cosine = cos((t + 0.008) / 1.008 * Double.pi / 2)
      return cosine * cosine
    }
    return (0..<count).map { index in
      let (t1, t2) = (Double(index) / Double(count), Double(index + 1) / Double(count))
      return Float(min(1 - level(t2) / level(t1), 0.999))
    }
  }

  /// Shifts and scales sqrt(a_t) so that the last level is 0 (Lin and others 2023, algorithm 1).
  static func rescaledToZeroSNR(_ betas: [Float]) -> [Float] {
    let roots = levels(betas).map { $0.squareRoot() }
    guard let first = roots.first, let last = roots.last, first != last else { return betas }
    let scale = first / (first - last)
    let levels = roots.map { root in
      let rescaled = (root - last) * scale
      return rescaled * rescaled
    }
    return levels.indices.map { 1 - ($0 == 0 ? levels[0] : levels[$0] / levels[$0 - 1]) }
  }
}
