/// How a cache treats its disk.
package struct CacheSettings: Sendable {
  /// What is still there when something ends a run from outside.
  ///
  /// Either way a result that is served was checked, and a process that is killed costs nothing that was finished.
  package enum Durability: String, Sendable, CaseIterable {
    /// A power cut costs nothing that was finished either: its bytes and names were on the disk before.
    case full
    /// A power cut may cost the results of the last half minute or so, which are then computed again.
    case fast
  }

  package var durability: Durability
  /// The collector keeps the cache below this many bytes.
  package var limit: Int
  /// Bytes to leave free on the disk; nil: 1 GB, or a twentieth of a smaller disk.
  package var minimumFree: Int?

  package static let defaultLimit = 10_000_000_000

  package init(durability: Durability = .full, limit: Int = defaultLimit, minimumFree: Int? = nil) {
    self.durability = durability
    self.limit = limit
    self.minimumFree = minimumFree
  }

  func minimumFree(ofTotal total: Int) -> Int { minimumFree ?? min(1_000_000_000, total / 20) }
}
