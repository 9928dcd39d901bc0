import Foundation
import Tensors

/// UniPC with its coefficients in single precision, as ComfyUI computes them.
///
/// It is `UniPC`'s formula. Where steps are narrow, as the last one of many schedules is, the conditions are nearly
/// singular, and what single precision makes of them moves the result by up to 8e-3.
extension UniPC {
  /// As `step(_:to:memory:)`.
  package func singleStep(
    _ now: Evaluation, to target: NoiseLevel, memory: SolverMemory
  ) -> (next: LinearCombination, memory: SolverMemory) {
    let newest = SolverMemory.Entry(now.denoised.evaluated(), level: now.level)
    let corrected = singleCorrect(newest, memory) ?? now.sample.evaluated()
    let outputs = memory.outputs + [newest]
    let order = min(order, outputs.count)
    let start = SolverMemory.Entry(corrected, level: now.level)
    let next = singleUpdate(start, past: outputs.suffix(order), to: target, ending: nil)
    return (next, SolverMemory(outputs: outputs.suffix(3), sample: start, order: order))
  }

  private func singleCorrect(_ newest: SolverMemory.Entry, _ memory: SolverMemory) -> Tensor? {
    guard let start = memory.sample, let order = memory.order, !memory.outputs.isEmpty else { return nil }
    return singleUpdate(start, past: memory.outputs.suffix(order), to: newest.level, ending: newest).evaluated()
  }

  private func singleUpdate(
    _ start: SolverMemory.Entry, past: ArraySlice<SolverMemory.Entry>, to target: NoiseLevel,
    ending: SolverMemory.Entry?
  ) -> LinearCombination {
    guard let newest = past.last else { return LinearCombination(start) }
    let (from, to) = (SingleLevel(newest.level), SingleLevel(target))
    let h = to.lambda - from.lambda
    let growth = expm1(-h)
    let scale = variant == .bh1 ? -h : growth
    let m0 = LinearCombination(newest)
    let base = Double(to.noise / from.noise) * LinearCombination(start) - Double(to.signal * growth) * m0

    let earlier = past.dropLast().reversed()
    let ratios = earlier.map { (SingleLevel($0.level).lambda - from.lambda) / h }
    var differences = zip(earlier, ratios).map { (LinearCombination($0) - m0) / Double($1) }
    if let ending { differences.append(LinearCombination(ending) - m0) }
    if differences.isEmpty { return base }
    let weights = singleWeights(ending == nil ? ratios : ratios + [1], h: h, growth: growth, scale: scale)
    return zip(weights, differences).reduce(base) { $0 - Double(to.signal * scale) * (Double($1.0) * $1.1) }
  }

  private func singleWeights(_ ratios: [Float], h: Float, growth: Float, scale: Float) -> [Float] {
    if ratios.count == 1 { return [0.5] }
    var (conditions, factorial) = ([Float](), 1)
    var phi = growth / -h - 1
    for i in 1...ratios.count {
      conditions.append(phi * Float(factorial) / scale)
      factorial *= i + 1
      phi = phi / -h - Float(1 / Double(factorial))
    }
    let rows = ratios.indices.map { power in ratios.map { pow($0, Float(power)) } }
    return solve(rows, conditions)
  }

  /// Gauss's elimination, the largest of a column its pivot.
  private func solve(_ rows: [[Float]], _ right: [Float]) -> [Float] {
    var (rows, right) = (rows, right)
    for column in rows.indices {
      let pivot = rows.indices[column...].max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      rows.swapAt(column, pivot)
      right.swapAt(column, pivot)
      for row in rows.indices[(column + 1)...] {
        let factor = rows[row][column] / rows[column][column]
        for place in column..<rows.count { rows[row][place] -= factor * rows[column][place] }
        right[row] -= factor * right[column]
      }
    }
    for row in rows.indices.reversed() {
      for place in rows.indices[(row + 1)...] { right[row] -= rows[row][place] * right[place] }
      right[row] /= rows[row][row]
    }
    return right
  }
}

/// What a level is in single precision.
private struct SingleLevel {
  let signal: Float
  let noise: Float
  let lambda: Float

  init(_ level: NoiseLevel) {
    let sigma = Float(level.sigma)
    let logSignal = 0.5 * log(1 / (sigma * sigma + 1))
    let rest = 1 - exp(2 * logSignal)
    signal = exp(logSignal)
    noise = rest.squareRoot()
    lambda = logSignal - 0.5 * log(rest)
  }
}
