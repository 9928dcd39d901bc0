/// An address without the loop indices and the point of a sweep in it: what the nodes that a loop makes of one share.
package struct FoldedAddress: Sendable, Hashable {
  /// `sample/next` for `seed=1,cfg=5/sample[3]/next`.
  package let text: String

  package init(_ address: String) {
    var parts: [Substring] = []
    for part in SweptAddress(address).place.split(separator: "/") {
      parts.append(part.hasSuffix("]") ? part.prefix { $0 != "[" } : part)
    }
    text = parts.joined(separator: "/")
  }
}
