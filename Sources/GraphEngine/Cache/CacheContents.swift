/// Everything that a cache folder holds at one moment, for those who look at all of it.
struct CacheContents {
  struct EntryFile {
    let entry: CacheEntry
    let path: String
    let status: FileStatus
  }

  struct BlobFile {
    let path: String
    let status: FileStatus
  }

  private(set) var entries: [EntryFile] = []
  private(set) var blobs: [ContentDigest: BlobFile] = [:]
  private(set) var pins: Set<ContentDigest>
  private(set) var quarantine: [BlobFile] = []
  /// Paths that no version of the cache has made; they are left alone.
  private(set) var foreign: [String] = []
  private(set) var damagedEntries = 0
  /// Entries that are there, and of which it is not known what they name; folders of which it is not known what they hold.
  private(set) var unreadable = 0

  /// Reads all entries and the names of all blobs; damaged entries are put aside.
  init(_ cache: DiskCache) {
    // Blobs first: of an entry that comes in meanwhile all blobs are listed, or none is looked for.
    pins = []
    pins = Set(names(in: cache.root + "/pins", cache).compactMap { ContentDigest(hex: $0) })
    for file in files(below: cache.root + "/cas", cache) {
      blobs[file.digest] = BlobFile(path: file.path, status: file.status)
    }
    for file in files(below: cache.root + "/ac", cache) {
      let quarantined = cache.quarantinedCount
      if let entry = cache.entry(for: file.digest) {
        entries.append(EntryFile(entry: entry, path: file.path, status: file.status))
      } else if cache.quarantinedCount > quarantined {
        damagedEntries += 1
      } else if let status = cache.files.status(of: file.path), status.size <= CacheEntry.sizeLimit {
        unreadable += 1
      }
    }
    for name in names(in: cache.root + "/quarantine", cache) {
      let path = "\(cache.root)/quarantine/\(name)"
      if let status = cache.files.status(of: path) { quarantine.append(BlobFile(path: path, status: status)) }
    }
  }

  /// What all of it takes of the disk.
  var sizeOnDisk: Int {
    entries.reduce(0) { $0 + $1.status.sizeOnDisk } + blobs.values.reduce(0) { $0 + $1.status.sizeOnDisk }
      + quarantine.reduce(0) { $0 + $1.status.sizeOnDisk }
  }

  /// Whether the blobs of all outputs were there.
  func isComplete(_ entry: CacheEntry) -> Bool {
    entry.outputs.allSatisfy { output in blobs[output.blob].map { $0.status.size == output.size } ?? false }
  }

  private mutating func names(in folder: String, _ cache: DiskCache) -> [String] {
    guard let names = cache.listing(folder) else {
      unreadable += 1
      return []
    }
    return names
  }

  private mutating func files(
    below folder: String, _ cache: DiskCache
  ) -> [(digest: ContentDigest, path: String, status: FileStatus)] {
    var found: [(ContentDigest, String, FileStatus)] = []
    for shard in names(in: folder, cache) {
      guard shard.utf8.count == 2, cache.files.isFolder("\(folder)/\(shard)") else {
        foreign.append("\(folder)/\(shard)")
        continue
      }
      for name in names(in: "\(folder)/\(shard)", cache) {
        let path = "\(folder)/\(shard)/\(name)"
        guard let status = cache.files.status(of: path) else { continue }
        if name.hasPrefix(shard), status.isRegular, let digest = ContentDigest(hex: name) {
          found.append((digest, path, status))
        } else {
          foreign.append(path)
        }
      }
    }
    return found
  }
}
