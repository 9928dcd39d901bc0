import COpenBLAS

/// Row-major single-precision matrix products by OpenBLAS, one thread a call.
///
/// The bits of a result depend on the sizes of the call, so callers cut a sample into calls by its shape alone.
enum OpenBLASProduct {
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// `c = a b`, added to `c` if asked: a [m, k], b [k, n], c [m, n], each with its row stride.
  static func multiply(
    m: Int, n: Int, k: Int,
    a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
    c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool
  ) {
    singleThreaded
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k),
      1, a, Int32(aStride), b, Int32(bStride), adds ? 1 : 0, c, Int32(cStride))
  }

  /// The width of the vector registers this build computes in.
  static let vectorBits = Int(vector_register_bits)

  /// The library and the processor family its kernels are for, such as `OpenBLAS 0.3.21 Haswell`.
  static let libraryName: String = {
    let words = String(cString: openblas_get_config()).split(separator: " ")
    let version = words.count > 1 ? words[1] : "?"
    return "OpenBLAS \(version) \(String(cString: openblas_get_corename()))"
  }()
}
