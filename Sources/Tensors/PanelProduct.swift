import CKernels

/// Pointers to rows of factors, each row so many words of one f32 or two bf16.
typealias RowPointers = UnsafePointer<UnsafePointer<Float>?>

/// Products of rows anywhere in memory with a packed matrix.
enum PanelProduct {
  /// The columns of a panel: what our own products compute at a time.
  static let width = ProductEngine.current == .avx2 ? Int(ck_panel_avx2) : Int(ck_panel_avx512)
  /// Columns that work is cut into multiples of: whole panels of any engine.
  static let group = 64
  private static let cacheLine = 64

  /// Rows of a matrix at equal distances, with 0 one for all.
  struct Rows {
    let first: UnsafePointer<Float>
    let stride: Int
  }

  /// `c = sum over s of a[s] b[s]`, added to `c` if asked: a [segments, rows, depth], b [segments, depth, columns].
  ///
  /// `a` points to all rows of the first segment, then of the next; `depth` counts words. Other products than OpenBLAS's
  /// take at most `width` columns, from rows of `b` that are `width` apart. `fetchesRows` is for rows that are not in the cache
  /// yet; `next` is what the next product needs from memory. `halves` is the panel in half precision, to be widened into `b`,
  /// for other products than OpenBLAS's. `addends` are added in place of `c`, by AMX alone.
  @inline(__always) static func multiply(
    _ precision: Precision, rows: Int, columns: Int, segments: Int = 1, depth: Int,
    a: RowPointers, fetchesRows: Bool, b: UnsafePointer<Float>, halves: UnsafeRawPointer? = nil, bStride: Int = width,
    next: UnsafeRawBufferPointer? = nil, c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool, addends: Rows? = nil
  ) {
    let (start, lines) = (next?.baseAddress, (next?.count ?? 0) / cacheLine)
    let (panel, halves) = (UnsafeMutablePointer(mutating: b), halves?.assumingMemoryBound(to: UInt16.self))
    switch (precision, ProductEngine.current) {
    case (.bf16, let engine):
      let a = UnsafeRawPointer(a).assumingMemoryBound(to: UnsafePointer<UInt32>?.self)
      let b = UnsafeRawPointer(b).assumingMemoryBound(to: UInt32.self)
      if engine == .amx {
        let addends = addends ?? (adds ? Rows(first: UnsafePointer(c), stride: cStride) : nil)
        ck_multiply_bf16_amx(
          rows, columns, segments, depth, a, b, start, lines, c, cStride, addends?.first, addends?.stride ?? 0)
      } else {
        ck_multiply_bf16_avx512(rows, columns, segments, depth, a, fetchesRows, b, start, lines, c, cStride, adds)
      }
    case (.f32, .amx), (.f32, .avx512):
      ck_multiply_f32_avx512(
        rows, columns, segments, depth, a, fetchesRows, panel, halves, start, lines, c, cStride, adds)
    case (.f32, .avx2):
      ck_multiply_f32_avx2(
        rows, columns, segments, depth, a, fetchesRows, panel, halves, start, lines, c, cStride, adds)
    case (.f32, .openblas):
      for segment in 0..<segments {
        multiplyByOpenBLAS(
          rows: rows, columns: columns, depth: depth, a: a + segment * rows, b: b + segment * depth * bStride,
          bStride: bStride, c: c, cStride: cStride, adds: adds || segment > 0)
      }
    }
  }

  /// OpenBLAS takes rows at equal distances; others are copied together.
  private static func multiplyByOpenBLAS(
    rows: Int, columns: Int, depth: Int, a: RowPointers, b: UnsafePointer<Float>, bStride: Int,
    c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool
  ) {
    guard let first = a[0], let second = a[min(1, rows - 1)] else { return }
    let distance = second - first
    if distance >= depth && (0..<rows).allSatisfy({ a[$0] == first + $0 * distance }) || rows == 1 {
      return OpenBLASProduct.multiply(
        m: rows, n: columns, k: depth, a: first, aStride: max(distance, depth), b: b, bStride: bStride, c: c,
        cStride: cStride, adds: adds)
    }
    let together = AlignedStorage(count: rows * depth)
    for row in 0..<rows {
      guard let source = a[row] else { return }
      (together.elements + row * depth).update(from: source, count: depth)
    }
    OpenBLASProduct.multiply(
      m: rows, n: columns, k: depth, a: together.elements, aStride: depth, b: b, bStride: bStride, c: c,
      cStride: cStride, adds: adds)
  }

  /// Words of a row that products take at a time: what the last step lacks has to be filled up in every product.
  static func wordsPerStep(_ precision: Precision) -> Int { precision.isMultipliedByAMX ? 16 : 1 }

  // MARK: - Half precision

  /// Whether weights in half precision can be kept so.
  static let widensHalves = ProductEngine.current != .openblas

  /// Half precision to single; `count` is a multiple of 8.
  static func widen(_ source: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>, count: Int) {
    ck_widen_f16(source, target, count)
  }

  /// Single precision to half; `count` is a multiple of 8.
  static func narrow(_ source: UnsafePointer<Float>, to target: UnsafeMutableRawPointer, count: Int) {
    ck_narrow_f16(source, target.assumingMemoryBound(to: UInt16.self), count)
  }

  // MARK: - Rounding to bf16

  /// Rounds rows of `depth` numbers, each filled up with a zero to whole words; `stride` words from one to the next.
  static func round(
    _ source: UnsafePointer<Float>, rows: Int, depth: Int, to target: UnsafeMutablePointer<Float>, stride: Int
  ) {
    func round(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, count: Int) {
      ck_round_bf16(source, UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt16.self), count)
    }
    if depth == 2 * stride { return round(source, target, count: rows * depth) }
    for row in 0..<rows {
      let target = target + row * stride
      if depth % 2 == 1 { target[depth / 2] = 0 }
      round(source + row * depth, target, count: depth)
    }
  }

  /// Rounds two rows and puts them side by side, a word for each column; `count` is a multiple of 16.
  static func interleave(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, count: Int
  ) {
    ck_interleave_bf16(first, second, UnsafeMutableRawPointer(target).assumingMemoryBound(to: UInt32.self), count)
  }
}
