/// The unit kernels compute in: one AVX-512 register, or two of AVX2.
package typealias Vector = SIMD16<Float>

extension Vector {
  @inline(__always) init(loading source: UnsafePointer<Float>) {
    self = UnsafeRawPointer(source).loadUnaligned(as: Vector.self)
  }

  /// Loads the first `count` lanes; the others are `filler`.
  @inline(__always) init(loading source: UnsafePointer<Float>, count: Int, filler: Float = 0) {
    self.init(repeating: filler)
    for lane in 0..<count { self[lane] = source[lane] }
  }

  @inline(__always) func store(to destination: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(destination).storeBytes(of: self, as: Vector.self)
  }

  /// Stores the first `count` lanes.
  @inline(__always) func store(to destination: UnsafeMutablePointer<Float>, count: Int) {
    for lane in 0..<count { destination[lane] = self[lane] }
  }

  /// The sum of the lanes, added in pairs.
  @inline(__always) package var laneSum: Float {
    let eight = lowHalf + highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two.x + two.y
  }

  @inline(__always) package var laneMaximum: Float {
    let eight = lowHalf.replacing(with: highHalf, where: highHalf .> lowHalf)
    let four = eight.lowHalf.replacing(with: eight.highHalf, where: eight.highHalf .> eight.lowHalf)
    return Swift.max(Swift.max(four.x, four.y), Swift.max(four.z, four.w))
  }

  @inline(__always) func maximum(_ other: Vector) -> Vector { replacing(with: other, where: other .> self) }

  @inline(__always) func clamped(_ lowest: Float, _ highest: Float) -> Vector {
    let low = Vector(repeating: lowest)
    let high = Vector(repeating: highest)
    let raised = replacing(with: low, where: self .< low)
    return raised.replacing(with: high, where: raised .> high)
  }
}

/// `e^x` within 2 units in the last place, over the whole range: 0 far below, infinity far above, NaN for NaN.
@inline(__always) package func exp(_ x: Vector) -> Vector {
  let (fraction, exponent) = splitExponential(x.clamped(-104.5, 89.5))
  // 2^exponent may lie outside the normal numbers, its halves do not.
  let half = exponent &>> 1
  return fraction * powerOfTwo(half) * powerOfTwo(exponent &- half)
}

/// `e^x` for x <= 0 as softmax needs it: never below e⁻⁸⁷, 2e-38, which is as good as 0 beside 1.
@inline(__always) package func expNonPositive(_ x: Vector) -> Vector {
  let (fraction, exponent) = splitExponential(x.maximum(Vector(repeating: -87)))
  return timesPowerOfTwo(fraction, exponent)
}

/// `e^x` for x <= 0 within 1.1e-4 of itself, for results that are rounded to 8 bits; never below 2⁻¹²⁶.
///
/// The same reduction as a power of two, and a minimax polynomial of degree 3.
@inline(__always) package func roughExpNonPositive(_ x: Vector) -> Vector {
  let rounder = Vector(repeating: 12_582_912)
  let power = (x * Vector(repeating: 1.442_695)).maximum(Vector(repeating: -126))
  let rounded = rounder + power
  let r = power - (rounded - rounder)
  var value = Vector(repeating: 0.242_210_98).addingProduct(r, Vector(repeating: 0.055_009_06))
  value = Vector(repeating: 0.693_282_9).addingProduct(value, r)
  value = Vector(repeating: 1).addingProduct(value, r)
  return timesPowerOfTwo(value, unsafeBitCast(rounded, to: SIMD16<Int32>.self))
}

/// `e^x = fraction 2^exponent`, fraction between sqrt(1/2) and sqrt(2).
///
/// Cody-Waite reduction by ln 2 in two parts, then a minimax polynomial of degree 6.
@inline(__always) private func splitExponential(_ x: Vector) -> (fraction: Vector, exponent: SIMD16<Int32>) {
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  let rounder = Vector(repeating: 12_582_912)
  let rounded = rounder.addingProduct(x, Vector(repeating: 1.442_695))
  let n = rounded - rounder
  var r = x.addingProduct(n, Vector(repeating: -0.693_359_4))
  r = r.addingProduct(n, Vector(repeating: 2.121_944_4e-4))
  var q = Vector(repeating: 0.001_381_455_8)
  q = Vector(repeating: 0.008_368_736).addingProduct(q, r)
  q = Vector(repeating: 0.041_668_39).addingProduct(q, r)
  q = Vector(repeating: 0.166_665_21).addingProduct(q, r)
  q = Vector(repeating: 0.499_999_94).addingProduct(q, r)
  let fraction = Vector(repeating: 1) + r.addingProduct(r * r, q)
  let exponent = unsafeBitCast(rounded, to: SIMD16<Int32>.self) &- 0x4B40_0000
  return (fraction, exponent)
}

/// `fraction 2^exponent` where that is a normal number; of the exponent the lowest 9 bits are enough.
@inline(__always) private func timesPowerOfTwo(_ fraction: Vector, _ exponent: SIMD16<Int32>) -> Vector {
  unsafeBitCast(unsafeBitCast(fraction, to: SIMD16<Int32>.self) &+ exponent &<< 23, to: Vector.self)
}

@inline(__always) private func powerOfTwo(_ exponent: SIMD16<Int32>) -> Vector {
  unsafeBitCast((exponent &+ 127) &<< 23, to: Vector.self)
}

/// The error function within 2 units in the last place.
///
/// Near zero an odd polynomial; beyond, `1 - e^-L(x)` with L a polynomial fitted to `-ln erfc(x)`.
@inline(__always) package func erf(_ x: Vector) -> Vector {
  let square = x * x
  var near = Vector(repeating: 8.316_927e-5)
  near = Vector(repeating: -8.130_05e-4).addingProduct(near, square)
  near = Vector(repeating: 5.199_911_5e-3).addingProduct(near, square)
  near = Vector(repeating: -0.026_858_944).addingProduct(near, square)
  near = Vector(repeating: 0.112_836_87).addingProduct(near, square)
  near = Vector(repeating: -0.376_126_32).addingProduct(near, square)
  near = Vector(repeating: 0.128_379_17).addingProduct(near, square)
  near = x.addingProduct(x, near)

  // erf(4) is 1 in single precision.
  let size = magnitude(x).clamped(0, 4)
  var far = Vector(repeating: -2.141_546_7e-4)
  far = Vector(repeating: 3.216_457_8e-3).addingProduct(far, size)
  far = Vector(repeating: -0.022_895_144).addingProduct(far, size)
  far = Vector(repeating: 0.105_270_53).addingProduct(far, size)
  far = Vector(repeating: 0.635_711_25).addingProduct(far, size)
  far = Vector(repeating: 0.128_516_61).addingProduct(far, size)
  far = size.addingProduct(size, far)
  far = Vector(repeating: 1) - expNonPositive(-far)
  far.replace(with: -far, where: x .< 0)
  return near.replacing(with: far, where: size .> 0.92)
}

@inline(__always) private func magnitude(_ x: Vector) -> Vector {
  unsafeBitCast(unsafeBitCast(x, to: SIMD16<UInt32>.self) & 0x7FFF_FFFF, to: Vector.self)
}
