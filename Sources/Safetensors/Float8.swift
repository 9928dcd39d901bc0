/// The 8-bit float formats with 4 and 5 bits of exponent, as a table of the f32 of every byte: conversion is exact.
///
/// Source: Micikevicius et al. 2022, "FP8 formats for deep learning".
enum Float8 {
  /// E4M3: no infinity, not-a-number where all bits but the sign are set, largest 448.
  static let e4m3: [Float] = (0..<256).map { byte in
    let (exponent, fraction) = (byte >> 3 & 15, Float(byte & 7))
    let magnitude: Float =
      byte & 127 == 127
      ? .nan
      : exponent == 0
        ? fraction * 0x1p-9 : (1 + fraction / 8) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
    return byte & 128 == 0 ? magnitude : -magnitude
  }

  /// E5M2: the upper half of IEEE binary16.
  static let e5m2: [Float] = (0..<256).map { Float(Float16(bitPattern: UInt16($0) << 8)) }

  /// Source and target hold equally many.
  static func widen(
    _ source: UnsafeRawPointer, _ table: [Float], to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.withUnsafeBufferPointer { table in
      for index in 0..<count { target[index] = table[Int(source.load(fromByteOffset: index, as: UInt8.self))] }
    }
  }
}
