import CKernels

/// What decides the bits of a result besides the inputs.
package enum Numerics {
  /// Raised whenever a kernel's arithmetic changes.
  package static let kernelSetVersion = 6

  /// Names the kernels, the SIMD level and the products, so that machines know whose results are theirs too.
  package static let identifier: String =
    "kernels \(kernelSetVersion), \(ck_vector_bits)-bit vectors, \(ProductEngine.current.name)"

  /// Whether there is something to multiply matrices with: our own products, or OpenBLAS if it is installed.
  package static var canMultiply: Bool { ProductEngine.current != .openblas || OpenBLASProduct.isInstalled }

  /// The library for processors that our own products cannot run on, such as `OpenBLAS 0.3.21 Haswell`.
  package static var library: String { OpenBLASProduct.libraryName }
}
