/// An address without the loop indices and the point of a sweep in it: what the nodes that a loop makes of one share.
package struct FoldedAddress: Sendable, Hashable {
  /// `sample/next` for `seed=1,cfg=5/sample[3]/next`.
  package let text: String

  package init(_ address: String) {
    // Byte by byte: a large sweep has hundreds of thousands of addresses.
    var bytes: [UInt8] = []
    var isInIndex = false
    for byte in SweptAddress(address).place.utf8 {
      if byte == UInt8(ascii: "[") { isInIndex = true }
      if byte == UInt8(ascii: "/") { isInIndex = false }
      if !isInIndex { bytes.append(byte) }
    }
    text = String(decoding: bytes, as: UTF8.self)
  }
}
