import Foundation

/// The noise that unCLIP adds to the vectors of pictures: the cosine schedule of Nichol and Dhariwal 2021 in 1000 steps.
package enum UnCLIPNoise {
  /// a_t, the cumulative product of 1 - beta, in double precision.
  package static let levels: [Double] = {
    func level(_ time: Double) -> Double {
      let cosine = cos((time + 0.008) / 1.008 * Double.pi / 2)
      return cosine * cosine
    }
    var product = 1.0
    return (0..<1000).map { step in
      product *= 1 - min(1 - level(Double(step + 1) / 1000) / level(Double(step) / 1000), 0.999)
      return product
    }
  }()
}
