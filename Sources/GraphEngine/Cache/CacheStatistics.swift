/// What a cache folder holds.
package struct CacheStatistics: Sendable {
  package struct Kind: Sendable {
    package var entries = 0
    /// Bytes of the outputs that the entries name; blobs that several share count for each.
    package var bytes = 0
  }

  package let location: String
  package var entries = 0
  package var blobs = 0
  /// Bytes of all blobs.
  package var bytes = 0
  /// What all files take of the disk, in whole blocks.
  package var bytesOnDisk = 0
  /// Damaged files that were put aside.
  package var quarantined = 0
  package var pinned = 0
  /// Results that are being written now.
  package var writers = 0
  package var byNodeType: [String: Kind] = [:]
}

/// One result in the cache.
package struct CachedEntry: Sendable {
  package let entry: CacheEntry
  /// Bytes of its outputs.
  package let bytes: Int
  /// Seconds since 1970.
  package let lastUsed: Int
  package let isPinned: Bool
}

extension DiskCache {
  /// Counts what is in the folder; reads every entry and no blob.
  ///
  /// What cannot be read is noted as trouble.
  package func statistics() -> CacheStatistics {
    var statistics = CacheStatistics(location: location)
    let contents = CacheContents(self)
    for file in contents.entries {
      let bytes = file.entry.outputs.reduce(0) { $0 &+ $1.size }
      statistics.byNodeType[file.entry.node, default: .init()].entries += 1
      statistics.byNodeType[file.entry.node, default: .init()].bytes += bytes
    }
    statistics.entries = contents.entries.count
    statistics.blobs = contents.blobs.count
    statistics.bytes = contents.blobs.values.reduce(0) { $0 + $1.status.size }
    statistics.bytesOnDisk = contents.sizeOnDisk
    statistics.quarantined = contents.quarantine.count
    statistics.pinned = contents.entries.count { contents.pins.contains($0.entry.key) }
    statistics.writers = (try? LivingLeases(in: leaseFolder, files))?.names.count ?? 0
    return statistics
  }

  /// All results, what was used last in front.
  ///
  /// What cannot be read is noted as trouble.
  package func list() -> [CachedEntry] {
    let contents = CacheContents(self)
    return contents.entries.sorted { $0.status.modified > $1.status.modified }.map { file in
      CachedEntry(
        entry: file.entry, bytes: file.entry.outputs.reduce(0) { $0 &+ $1.size },
        lastUsed: Int(file.status.modified / 1_000_000_000), isPinned: contents.pins.contains(file.entry.key))
    }
  }
}
