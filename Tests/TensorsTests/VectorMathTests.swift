import Foundation
import Testing

import Tensors

@Suite struct VectorMathTests {
  /// Every `step`-th single-precision number in a range, in vectors.
  private func worstError(
    from first: Float, to last: Float, step: UInt32, of function: (Vector) -> Vector, against exact: (Double) -> Double
  ) -> Double {
    var worst = 0.0
    var bits = first.bitPattern
    while bits <= last.bitPattern {
      var x = Vector.zero
      for lane in 0..<16 { x[lane] = Float(bitPattern: min(bits + UInt32(lane) * step, last.bitPattern)) }
      bits += 16 * step
      for sign in [Float(1), -1] {
        let y = function(sign * x)
        for lane in 0..<16 {
          let expected = exact(Double(sign * x[lane]))
          let unit = max(Double(Float(expected).ulp), Double(Float.leastNonzeroMagnitude))
          worst = max(worst, abs(Double(y[lane]) - expected) / unit)
        }
      }
    }
    return worst
  }

  @Test func exponentialIsWithinTwoUnits() {
    let error = worstError(from: 1e-8, to: 88.7, step: 1999, of: { Tensors.exp($0) }, against: { Foundation.exp($0) })
    #expect(error < 1.5)
  }

  @Test func exponentialKeepsItsLimits() {
    var x = Vector(repeating: 0)
    (x[0], x[1], x[2], x[3], x[4]) = (.infinity, -.infinity, 100, -110, .nan)
    let y = Tensors.exp(x)
    #expect(y[0] == .infinity && y[1] == 0 && y[2] == .infinity && y[3] == 0 && y[4].isNaN && y[5] == 1)
  }

  @Test func softmaxExponentialAgrees() {
    for i in 0..<870 {
      let x = Vector(repeating: -Float(i) / 10)
      #expect(Tensors.expNonPositive(x)[3] == Tensors.exp(x)[3])
    }
    #expect((0...1.7e-38).contains(Tensors.expNonPositive(Vector(repeating: -1000))[0]))
    #expect((0...1.7e-38).contains(Tensors.expNonPositive(Vector(repeating: -.infinity))[0]))
    #expect(Tensors.expNonPositive(Vector(repeating: .nan))[0].isNaN)
  }

  @Test func roughExponentialIsWithinItsBound() {
    for i in 0..<8700 {
      let x = -Float(i) / 100
      let value = Double(Tensors.roughExpNonPositive(Vector(repeating: x))[5])
      #expect(abs(value / Foundation.exp(Double(x)) - 1) < 1.1e-4)
    }
    #expect(Tensors.roughExpNonPositive(Vector(repeating: -.infinity))[0] < 2e-38)
    #expect(Tensors.roughExpNonPositive(Vector(repeating: .nan))[0].isNaN)
  }

  @Test func errorFunctionIsWithinTwoUnits() {
    let error = worstError(from: 1e-8, to: 30, step: 1999, of: { Tensors.erf($0) }, against: { Foundation.erf($0) })
    #expect(error < 2)
  }

  @Test func activationsAgreeWithOracle() {
    let x = randomTensor([3, 37], seed: 1, in: -12...12)
    let values = x.values.map(Double.init)
    #expect(relativeError(x.activated(by: .silu), values.map(Oracle.silu)) < 2e-7)
    #expect(relativeError(x.activated(by: .gelu), values.map(Oracle.gelu)) < 2e-7)
    #expect(relativeError(x.activated(by: .quickGELU), values.map { $0 / (1 + Foundation.exp(-1.702 * $0)) }) < 2e-7)
    #expect(Tensor(repeating: -200, shape: [3]).activated(by: .silu).values == [0, 0, 0])
    #expect(!Tensor(repeating: .nan, shape: [3]).activated(by: .gelu).isFinite)
  }

  @Test func lanesReduce() {
    var x = Vector.zero
    for lane in 0..<16 { x[lane] = Float((lane * 7) % 16) - 4 }
    #expect(x.laneSum == 120 - 64)
    #expect(x.laneMaximum == 11)
  }
}
