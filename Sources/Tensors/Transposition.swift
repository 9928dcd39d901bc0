/// Turns rows into columns: `target[column][row] = source[row][column]`, rows of either so many numbers apart.
func transpose(
  _ source: UnsafePointer<Float>, stride sourceStride: Int, rows: Int, columns: Int,
  to target: UnsafeMutablePointer<Float>, stride targetStride: Int
) {
  let (wholeRows, wholeColumns) = (rows & ~3, columns & ~3)
  for row in stride(from: 0, to: wholeRows, by: 4) {
    for column in stride(from: 0, to: wholeColumns, by: 4) {
      transposeSquare(
        source + row * sourceStride + column, stride: sourceStride, to: target + column * targetStride + row,
        stride: targetStride)
    }
  }
  for row in 0..<rows {
    for column in (row < wholeRows ? wholeColumns : 0)..<columns {
      target[column * targetStride + row] = source[row * sourceStride + column]
    }
  }
}

/// Four rows of four numbers.
@inline(__always) private func transposeSquare(
  _ source: UnsafePointer<Float>, stride sourceStride: Int, to target: UnsafeMutablePointer<Float>,
  stride targetStride: Int
) {
  func row(_ index: Int) -> SIMD4<Float> {
    UnsafeRawPointer(source + index * sourceStride).loadUnaligned(as: SIMD4<Float>.self)
  }
  func store(_ row: SIMD4<Float>, _ index: Int) {
    UnsafeMutableRawPointer(target + index * targetStride).storeBytes(of: row, as: SIMD4<Float>.self)
  }
  // The numbers of every second row side by side, and then those of all.
  let (even, odd) = (interleaved(row(0), row(2)), interleaved(row(1), row(3)))
  let upper = interleaved(even.lowHalf, odd.lowHalf)
  let lower = interleaved(even.highHalf, odd.highHalf)
  store(upper.lowHalf, 0)
  store(upper.highHalf, 1)
  store(lower.lowHalf, 2)
  store(lower.highHalf, 3)
}

@inline(__always) private func interleaved(_ even: SIMD4<Float>, _ odd: SIMD4<Float>) -> SIMD8<Float> {
  var both = SIMD8<Float>()
  both.evenHalf = even
  both.oddHalf = odd
  return both
}
