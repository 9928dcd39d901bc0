import CKernels
import Foundation

/// What computes matrix products.
///
/// Our own products need AVX-512 or AVX2, where they are faster than OpenBLAS on the shapes of the models: they pack
/// nothing but weights, and those once. OpenBLAS is for all other processors, and for comparison. AMX multiplies in bf16
/// alone; beside it, and in all else, that engine is AVX-512's.
enum ProductEngine: String, CaseIterable {
  /// From the fastest to the one that runs everywhere.
  case amx, avx512, avx2, openblas

  /// The fastest one that this processor can run, or the one that `STEPGRAPH_PRODUCTS` names, if it can run that.
  static let current: ProductEngine = {
    let wanted = ProcessInfo.processInfo.environment["STEPGRAPH_PRODUCTS"].flatMap(ProductEngine.init)
    if let wanted, wanted.isSupported { return wanted }
    return allCases.first(where: \.isSupported) ?? .openblas
  }()

  private var isSupported: Bool {
    switch self {
    case .amx: ck_has_amx_bf16()
    case .avx512: ck_has_avx512()
    case .avx2: ck_has_avx2()
    case .openblas: true
    }
  }

  /// For people and in keys: the bits of results depend on it.
  var name: String {
    switch self {
    case .amx: "AMX and AVX-512 products"
    case .avx512: "AVX-512 products"
    case .avx2: "AVX2 products"
    case .openblas: OpenBLASProduct.libraryName
    }
  }
}
