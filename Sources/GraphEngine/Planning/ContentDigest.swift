import Crypto

/// A SHA-256 digest: the name of a blob, the key of a node's results.
package struct ContentDigest: Sendable, Hashable, CustomStringConvertible {
  /// Four words and no SIMD4, whose alignment of 32 bytes the frames of async functions do not keep.
  private struct Words: Equatable, Sendable, BitwiseCopyable {
    let first, second, third, fourth: UInt64
  }

  /// The digest's 32 bytes as they lie in memory.
  private let words: Words

  package init(hashing bytes: UnsafeRawBufferPointer) {
    var hash = SHA256()
    hash.update(bufferPointer: bytes)
    self.init(hash.finalize())
  }

  package init(hashing bytes: [UInt8]) {
    self = bytes.withUnsafeBytes { ContentDigest(hashing: $0) }
  }

  init(_ digest: SHA256.Digest) {
    words = digest.withUnsafeBytes { $0.loadUnaligned(as: Words.self) }
  }

  /// Reads 64 lower-case hexadecimal digits; nil for anything else.
  package init?(hex: some StringProtocol) {
    var bytes = SIMD32<UInt8>()
    var count = 0
    for digit in hex.utf8 {
      let nibble: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      guard count < 64 else { return nil }
      bytes[count / 2] = bytes[count / 2] << 4 | nibble
      count += 1
    }
    guard count == 64 else { return nil }
    words = unsafeBitCast(bytes, to: Words.self)
  }

  package var description: String {
    var digits: [UInt8] = []
    digits.reserveCapacity(64)
    appendHex(to: &digits)
    return String(decoding: digits, as: UTF8.self)
  }

  func appendHex(to text: inout [UInt8]) {
    let digits: StaticString = "0123456789abcdef"
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { hex in
      withUnsafeBytes(of: words) { bytes in
        for (index, byte) in bytes.enumerated() {
          hex[2 * index] = digits.utf8Start[Int(byte >> 4)]
          hex[2 * index + 1] = digits.utf8Start[Int(byte & 15)]
        }
      }
      text.append(contentsOf: hex)
    }
  }

  /// One word is enough: the bytes are already evenly spread.
  package func hash(into hasher: inout Hasher) { hasher.combine(words.first) }
}
