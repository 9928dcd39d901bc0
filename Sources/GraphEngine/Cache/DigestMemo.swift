/// Digests of large files by their identity on disk, kept in one small file of the cache folder.
///
/// The file is `CheckedText`, one line a digest; a damaged one counts as empty. Processes that write at the same moment
/// lose at most what the other one learned.
struct DigestMemo {
  /// The oldest lines go first.
  static let capacity = 4096
  /// No line is longer than 200 bytes.
  static let sizeLimit = 200 * (capacity + 1)

  private var digests: [FileIdentity: ContentDigest] = [:]
  private var order: [FileIdentity] = []
  /// Whether something was added since the memo was read.
  private(set) var isChanged = false

  init(_ bytes: [UInt8]) {
    for line in CheckedText.body(of: bytes)?.split(separator: "\n") ?? [] {
      let fields = line.split(separator: " ")
      guard fields.count == 6, let identity = FileIdentity(Array(fields[..<5])),
        let digest = ContentDigest(hex: fields[5])
      else { continue }
      insert(digest, of: identity)
    }
  }

  var bytes: [UInt8] {
    let lines = order.suffix(Self.capacity).compactMap { identity in
      digests[identity].map { "\(identity) \($0)\n" }
    }
    return CheckedText.bytes(of: lines.joined())
  }

  func digest(of identity: FileIdentity) -> ContentDigest? { digests[identity] }

  mutating func add(_ digest: ContentDigest, of identity: FileIdentity) {
    insert(digest, of: identity)
    isChanged = true
  }

  private mutating func insert(_ digest: ContentDigest, of identity: FileIdentity) {
    if digests.updateValue(digest, forKey: identity) == nil { order.append(identity) }
  }
}
