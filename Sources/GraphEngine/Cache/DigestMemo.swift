/// Digests of large files by their identity on disk, kept in one small file of the cache folder.
///
/// The file is `CheckedText`, one line a digest; a damaged one counts as empty. Processes that write at the same moment
/// lose at most what the other one learned.
struct DigestMemo {
  /// The oldest lines go first.
  static let capacity = 4096

  private let path: String
  private let files: CacheFiles
  private var digests: [FileIdentity: ContentDigest] = [:]
  private var order: [FileIdentity] = []
  private var isChanged = false

  init(path: String, files: CacheFiles) {
    self.path = path
    self.files = files
    guard let bytes = files.read(path, limit: 4 << 20), let body = CheckedText.body(of: bytes) else { return }
    for line in body.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count == 6, let identity = FileIdentity(Array(fields[..<5])),
        let digest = ContentDigest(hex: fields[5])
      else { continue }
      insert(digest, of: identity)
    }
  }

  func digest(of identity: FileIdentity) -> ContentDigest? { digests[identity] }

  mutating func add(_ digest: ContentDigest, of identity: FileIdentity) {
    insert(digest, of: identity)
    isChanged = true
  }

  /// Writes the memo if it has changed; it is a convenience, and a disk that refuses it costs only time.
  mutating func save() {
    guard isChanged else { return }
    isChanged = false
    let lines = order.suffix(Self.capacity).compactMap { identity in
      digests[identity].map { "\(identity) \($0)\n" }
    }
    try? files.replace(path, with: CheckedText.bytes(of: lines.joined()), durably: false)
  }

  private mutating func insert(_ digest: ContentDigest, of identity: FileIdentity) {
    if digests.updateValue(digest, forKey: identity) == nil { order.append(identity) }
  }
}
