import Foundation

/// Row-major single-precision matrix products by OpenBLAS, one thread a call.
///
/// The bits of a result depend on the sizes of the call, so callers cut a sample into calls by its shape alone.
enum OpenBLASProduct {
  /// `cblas_sgemm`, whose enumerations are integers.
  private typealias Multiplication =
    @convention(c) (
      _ order: CInt, _ aTransposed: CInt, _ bTransposed: CInt, _ m: CInt, _ n: CInt, _ k: CInt,
      _ alpha: Float, _ a: UnsafePointer<Float>, _ aStride: CInt, _ b: UnsafePointer<Float>, _ bStride: CInt,
      _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ cStride: CInt
    ) -> Void

  /// Nil where it is not installed.
  ///
  /// Loaded when something needs it: its threads spin for longer than a run takes that finds all in the cache, and most
  /// processors do without it.
  private static let library: (multiply: Multiplication, name: String)? = {
    guard let library = dlopen("libopenblas.so.0", RTLD_NOW),
      let multiply = dlsym(library, "cblas_sgemm"), let setThreads = dlsym(library, "openblas_set_num_threads"),
      let configuration = dlsym(library, "openblas_get_config"), let core = dlsym(library, "openblas_get_corename")
    else { return nil }
    unsafeBitCast(setThreads, to: (@convention(c) (CInt) -> Void).self)(1)
    func text(_ function: UnsafeMutableRawPointer) -> String {
      String(cString: unsafeBitCast(function, to: (@convention(c) () -> UnsafePointer<CChar>).self)())
    }
    let words = text(configuration).split(separator: " ")
    let name = "OpenBLAS \(words.count > 1 ? words[1] : "?") \(text(core))"
    return (unsafeBitCast(multiply, to: Multiplication.self), name)
  }()

  static var isInstalled: Bool { library != nil }

  /// The library and the processor family its kernels are for, such as `OpenBLAS 0.3.21 Haswell`.
  static var libraryName: String { library?.name ?? "no OpenBLAS" }

  /// `c = a b`, added to `c` if asked: a [m, k], b [k, n], c [m, n], each with its row stride.
  static func multiply(
    m: Int, n: Int, k: Int,
    a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
    c: UnsafeMutablePointer<Float>, cStride: Int, adds: Bool
  ) {
    guard let library else { preconditionFailure("who opens a model asks `Numerics.canMultiply`") }
    let (rowMajor, notTransposed) = (CInt(101), CInt(111))
    library.multiply(
      rowMajor, notTransposed, notTransposed, CInt(m), CInt(n), CInt(k),
      1, a, CInt(aStride), b, CInt(bStride), adds ? 1 : 0, c, CInt(cStride))
  }
}
