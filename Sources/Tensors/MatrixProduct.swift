import COpenBLAS

/// Row-major single-precision matrix products by OpenBLAS, one thread a call.
///
/// The bits of a result depend on the sizes of the call, so callers cut a sample into calls by its shape alone.
enum MatrixProduct {
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// `c = scale a bᵀ + beta c`: a [m, k], b [n, k], c [m, n], each with its row stride.
  static func multiplyTransposed(
    m: Int, n: Int, k: Int,
    a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
    c: UnsafeMutablePointer<Float>, cStride: Int, scale: Float = 1, beta: Float = 0
  ) {
    singleThreaded
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(m), Int32(n), Int32(k),
      scale, a, Int32(aStride), b, Int32(bStride), beta, c, Int32(cStride))
  }

  /// `c = aᵀ b + beta c`: a [k, m], b [k, n], c [m, n], each with its row stride.
  static func multiplyFirstTransposed(
    m: Int, n: Int, k: Int,
    a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
    c: UnsafeMutablePointer<Float>, cStride: Int, beta: Float = 0
  ) {
    singleThreaded
    cblas_sgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, Int32(m), Int32(n), Int32(k),
      1, a, Int32(aStride), b, Int32(bStride), beta, c, Int32(cStride))
  }

  /// The width of the vector registers this build computes in.
  static let vectorBits = Int(vector_register_bits)

  /// The library and the processor family its kernels are for, such as `OpenBLAS 0.3.21 SkylakeX`.
  static let libraryName: String = {
    let words = String(cString: openblas_get_config()).split(separator: " ")
    let version = words.count > 1 ? words[1] : "?"
    return "OpenBLAS \(version) \(String(cString: openblas_get_corename()))"
  }()
}
