import Foundation

/// What UniPC's coefficients are computed in.
protocol UniPCNumber: BinaryFloatingPoint {
  static func level(_ level: NoiseLevel) -> UniPCLevel<Self>

  static func expm1(_ x: Self) -> Self

  /// Solves `sum_k x_k^i y_k = b_i`, i from 0; the nodes x must differ.
  static func solveVandermonde(_ nodes: [Self], _ b: [Self]) -> [Self]

  /// The product, by the order in which the reference multiplies.
  static func product(_ scale: Self, _ weight: Self, _ difference: LinearCombination) -> LinearCombination
}

/// What a level is to UniPC.
struct UniPCLevel<Number: UniPCNumber> {
  let signal: Number
  let noise: Number
  let lambda: Number
}

extension Double: UniPCNumber {
  static func level(_ level: NoiseLevel) -> UniPCLevel<Double> {
    UniPCLevel(signal: level.signal, noise: level.noise, lambda: level.lambda)
  }

  static func expm1(_ x: Double) -> Double { Foundation.expm1(x) }

  /// By the coefficients of Lagrange's polynomials.
  static func solveVandermonde(_ nodes: [Double], _ b: [Double]) -> [Double] {
    nodes.indices.map { k in
      // The coefficients of prod (x - x_j) / (x_k - x_j), the constant one first.
      var coefficients = [1.0]
      for (j, node) in nodes.enumerated() where j != k {
        let scale = nodes[k] - node
        let shifted = [0] + coefficients
        coefficients = zip(shifted, coefficients + [0]).map { ($0 - node * $1) / scale }
      }
      return zip(coefficients, b).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  static func product(_ scale: Double, _ weight: Double, _ difference: LinearCombination) -> LinearCombination {
    scale * weight * difference
  }
}

/// As ComfyUI's class computes.
extension Float: UniPCNumber {
  static func level(_ level: NoiseLevel) -> UniPCLevel<Float> {
    let sigma = Float(level.sigma)
    let logSignal = 0.5 * log(1 / (sigma * sigma + 1))
    let rest = 1 - exp(2 * logSignal)
    return UniPCLevel(signal: exp(logSignal), noise: rest.squareRoot(), lambda: logSignal - 0.5 * log(rest))
  }

  static func expm1(_ x: Float) -> Float { Foundation.expm1(x) }

  /// By Gauss's elimination, the largest of a column its pivot.
  static func solveVandermonde(_ nodes: [Float], _ b: [Float]) -> [Float] {
    var rows = nodes.indices.map { power in nodes.map { pow($0, Float(power)) } }
    var right = b
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

  static func product(_ scale: Float, _ weight: Float, _ difference: LinearCombination) -> LinearCombination {
    Double(scale) * (Double(weight) * difference)
  }
}
