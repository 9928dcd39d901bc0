import CKernels
import Foundation

/// What computes matrix products.
///
/// Our own products need AVX-512, where they are 10 to 25 % faster than OpenBLAS on the shapes of the models: they pack
/// nothing but weights, and those once.
enum ProductEngine: String {
  case avx512, openblas

  /// The faster one that this processor can run; `STEPGRAPH_PRODUCTS=openblas` asks for the other.
  static let current: ProductEngine = {
    let wanted = ProcessInfo.processInfo.environment["STEPGRAPH_PRODUCTS"]
    return ck_has_avx512() && wanted != openblas.rawValue ? .avx512 : .openblas
  }()
}
