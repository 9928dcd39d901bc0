import Foundation

import Tensors

/// Straightforward double-precision versions of the kernels, on channels-last tensors.
enum Oracle {
  static func linear(_ x: Tensor, weight: Tensor, bias: Tensor?) -> [Double] {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let (x, weight, bias) = (x.values, weight.values, bias?.values)
    return (0..<x.count / inputs).flatMap { row in
      (0..<outputs).map { output in
        (0..<inputs).reduce(Double(bias?[output] ?? 0)) {
          $0 + Double(x[row * inputs + $1]) * Double(weight[output * inputs + $1])
        }
      }
    }
  }

  static func convolution(
    _ x: Tensor, weight: Tensor, bias: Tensor?, stride: Int, padding: Conv2d.Padding
  ) -> [Double] {
    let (samples, height, width, inputs) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (outputs, kernelHeight, kernelWidth) = (weight.shape[0], weight.shape[2], weight.shape[3])
    let outHeight = (height + padding.top + padding.bottom - kernelHeight) / stride + 1
    let outWidth = (width + padding.left + padding.right - kernelWidth) / stride + 1
    let (x, weight, bias) = (x.values, weight.values, bias?.values)
    var y: [Double] = []
    for n in 0..<samples {
      for row in 0..<outHeight {
        for column in 0..<outWidth {
          for output in 0..<outputs {
            var sum = Double(bias?[output] ?? 0)
            for ky in 0..<kernelHeight {
              for kx in 0..<kernelWidth {
                let (iy, ix) = (row * stride + ky - padding.top, column * stride + kx - padding.left)
                guard iy >= 0, iy < height, ix >= 0, ix < width else { continue }
                for c in 0..<inputs {
                  sum +=
                    Double(x[((n * height + iy) * width + ix) * inputs + c])
                    * Double(weight[((output * inputs + c) * kernelHeight + ky) * kernelWidth + kx])
                }
              }
            }
            y.append(sum)
          }
        }
      }
    }
    return y
  }

  static func attention(
    query: Tensor, key: Tensor, value: Tensor, heads: Int, keyHeads: Int? = nil, scale: Double? = nil,
    distanceBias: Tensor? = nil, isCausal: Bool
  ) -> [Double] {
    let (samples, queries, width) = (query.shape[0], query.shape[1], query.shape[2])
    let (keys, keyWidth, d) = (key.shape[1], key.shape[2], width / heads)
    let (q, k, v, bias) = (query.values, key.values, value.values, distanceBias?.values)
    var y = [Double](repeating: 0, count: q.count)
    for n in 0..<samples {
      for head in 0..<heads {
        let keyHead = head / (heads / (keyHeads ?? heads))
        for i in 0..<queries {
          let start = (n * queries + i) * width + head * d
          let visible = isCausal ? min(i + 1, keys) : keys
          let scores = (0..<visible).map { j in
            (0..<d).reduce(0.0) {
              $0 + Double(q[start + $1]) * Double(k[(n * keys + j) * keyWidth + keyHead * d + $1])
            } * (scale ?? 1 / Double(d).squareRoot())
              + Double(bias?[head * (queries + keys - 1) + i - j + keys - 1] ?? 0)
          }
          let weights = scores.map { Foundation.exp($0 - (scores.max() ?? 0)) }
          let total = weights.reduce(0, +)
          for c in 0..<d {
            y[start + c] = (0..<visible).reduce(0.0) {
              $0 + weights[$1] / total * Double(v[(n * keys + $1) * keyWidth + keyHead * d + c])
            }
          }
        }
      }
    }
    return y
  }

  /// Normalises every group of channels over the pixels of a sample; one pixel and one group is layer normalisation.
  static func normalization(
    _ x: Tensor, samples: Int, groups: Int, eps: Double, weight: Tensor, bias: Tensor
  ) -> [Double] {
    let channels = weight.count
    let (pixels, size) = (x.count / channels / samples, channels / groups)
    let (x, weight, bias) = (x.values.map(Double.init), weight.values, bias.values)
    var y = x
    for n in 0..<samples {
      for group in 0..<groups {
        let indices = (0..<pixels).flatMap { pixel in
          (group * size..<(group + 1) * size).map { (n * pixels + pixel) * channels + $0 }
        }
        let mean = indices.reduce(0.0) { $0 + x[$1] } / Double(indices.count)
        let variance = indices.reduce(0.0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / Double(indices.count)
        for i in indices {
          y[i] =
            (x[i] - mean) / (variance + eps).squareRoot() * Double(weight[i % channels]) + Double(bias[i % channels])
        }
      }
    }
    return y
  }

  /// Divides runs of `weight`'s length by the root of their mean square.
  static func rmsNorm(_ x: Tensor, eps: Double, weight: Tensor) -> [Double] {
    let (x, weight) = (x.values.map(Double.init), weight.values)
    return stride(from: 0, to: x.count, by: weight.count).flatMap { first in
      let run = x[first..<first + weight.count]
      let scale = 1 / (run.reduce(0) { $0 + $1 * $1 } / Double(run.count) + eps).squareRoot()
      return zip(run, weight).map { $0 * scale * Double($1) }
    }
  }

  static func silu(_ x: Double) -> Double { x / (1 + Foundation.exp(-x)) }
  static func geluTanh(_ x: Double) -> Double {
    0.5 * x * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  }
  static func gelu(_ x: Double) -> Double { 0.5 * x * Foundation.erfc(-x / 2.0.squareRoot()) }
}

/// The largest distance between corresponding elements, over the largest size of an expected one.
func relativeError(_ tensor: Tensor, _ expected: [Double]) -> Double {
  guard tensor.count == expected.count else { return .infinity }
  let largest = expected.reduce(0) { max($0, abs($1)) }
  // NaN must not pass for a small distance.
  let distance = zip(tensor.values, expected).reduce(0.0) {
    let distance = abs(Double($1.0) - $1.1)
    return distance <= $0 ? $0 : distance.isNaN ? .infinity : distance
  }
  return distance / max(largest, 1e-30)
}

/// A tensor of repeatable numbers spread evenly over `range`, different for every seed.
func randomTensor(_ shape: [Int], seed: UInt64, in range: ClosedRange<Float> = -1...1) -> Tensor {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678
  return Tensor(
    shape: shape,
    values: (0..<shape.reduce(1, *)).map { _ in
      // SplitMix64 (Steele, Lea and Flood 2014).
      state &+= 0x9E37_79B9_7F4A_7C15
      var bits = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
      bits ^= bits >> 31
      return range.lowerBound + (range.upperBound - range.lowerBound) * Float(bits >> 40) / Float(1 << 24)
    })
}
