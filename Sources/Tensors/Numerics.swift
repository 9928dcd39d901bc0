/// What decides the bits of a result besides the inputs.
package enum Numerics {
  /// Raised whenever a kernel's arithmetic changes.
  package static let kernelSetVersion = 1

  /// Names the kernels, the SIMD level and the matrix library, so that machines know whose results are theirs too.
  package static let identifier =
    "kernels \(kernelSetVersion), \(MatrixProduct.vectorBits)-bit vectors, \(MatrixProduct.libraryName)"
}
