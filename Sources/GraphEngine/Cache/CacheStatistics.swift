import Foundation

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
  /// Damaged files that were put aside.
  package var quarantined = 0
  package var byNodeType: [String: Kind] = [:]
}

extension DiskCache {
  /// Counts what is in the folder; reads every entry and no blob.
  package func statistics() -> CacheStatistics {
    var statistics = CacheStatistics(location: location)
    let root = location + "/v1"
    for path in shardedFiles(in: root + "/ac") {
      guard let bytes = files.read(path, limit: CacheEntry.sizeLimit), let entry = CacheEntry(bytes) else {
        continue
      }
      statistics.entries += 1
      statistics.byNodeType[entry.node, default: .init()].entries += 1
      statistics.byNodeType[entry.node, default: .init()].bytes += entry.outputs.reduce(0) { $0 &+ $1.size }
    }
    for path in shardedFiles(in: root + "/cas") {
      guard let size = files.size(of: path) else { continue }
      statistics.blobs += 1
      statistics.bytes += size
    }
    statistics.quarantined = files.names(in: root + "/quarantine").count
    return statistics
  }

  private func shardedFiles(in folder: String) -> [String] {
    files.names(in: folder).flatMap { shard in files.names(in: "\(folder)/\(shard)").map { "\(folder)/\(shard)/\($0)" }
    }
  }
}
