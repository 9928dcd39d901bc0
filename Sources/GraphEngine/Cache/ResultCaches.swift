/// Results of a node that need not be computed.
enum CachedResult: Sendable {
  case disk(CacheEntry)
  case memory(MemoryCache.Item)

  var warnings: [NodeWarning] {
    switch self {
    case .disk(let entry): entry.warnings
    case .memory(let item): item.warnings
    }
  }
}

/// The places where a run looks for results: memory first, then the disk.
struct ResultCaches: Sendable {
  let disk: DiskCache?
  let memory: MemoryCache?

  var isOff: Bool { disk == nil && memory == nil }

  /// What a node with this policy may take instead of running.
  func result(for key: ContentDigest, outputs: [OutputDeclaration], policy: CachePolicy) -> CachedResult? {
    if policy == .none { return nil }
    if let item = memory?.item(for: key) { return .memory(item) }
    return policy == .disk ? disk?.entry(for: key, outputs: outputs).map { .disk($0) } : nil
  }
}
