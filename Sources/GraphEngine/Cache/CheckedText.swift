/// Text whose last line is the SHA-256 digest of all before it, so that damage shows.
package enum CheckedText {
  private static let label = "check "

  package static func bytes(of body: String) -> [UInt8] {
    let body = Array(body.utf8)
    return body + Array("\(label)\(ContentDigest(hashing: body))\n".utf8)
  }

  /// The text before the last line; nil when the two do not agree.
  static func body(of bytes: [UInt8]) -> String? {
    let tail = label.utf8.count + 64 + 1
    guard bytes.count >= tail else { return nil }
    let body = Array(bytes.dropLast(tail))
    guard bytes.suffix(tail).elementsEqual("\(label)\(ContentDigest(hashing: body))\n".utf8) else { return nil }
    return String(validating: body, as: UTF8.self)
  }
}
