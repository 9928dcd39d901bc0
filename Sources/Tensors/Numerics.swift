/// What decides the bits of a result besides the inputs.
package enum Numerics {
  /// Raised whenever a kernel's arithmetic changes.
  package static let kernelSetVersion = 4

  /// Names the kernels, the SIMD level and the products, so that machines know whose results are theirs too.
  package static let identifier: String = {
    let products = ProductEngine.current == .avx512 ? "AVX-512 products" : OpenBLASProduct.libraryName
    return "kernels \(kernelSetVersion), \(OpenBLASProduct.vectorBits)-bit vectors, \(products)"
  }()
}
