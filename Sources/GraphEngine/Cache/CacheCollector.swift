import Foundation

/// What a collection did.
package struct CollectionReport: Sendable, Equatable {
  /// Files looked at: entries, blobs, and what was put aside or left behind.
  package var files = 0
  package var removedEntries = 0
  package var removedFiles = 0
  package var freedBytes = 0
  /// What the cache takes of the disk afterwards.
  package var bytes = 0

  package init() {}
}

extension DiskCache {
  /// Removes what was not used for longest until the cache is no larger than `limit` and the disk has its free space;
  /// what is pinned stays, and so does what is written or used meanwhile.
  ///
  /// Where there is too much, `slack` percent more go, so that the next collection is not soon. Nil when there is no cache,
  /// when another process collects and `waits` is false, or when the cache cannot be written, or an entry not be read; the
  /// last two, and what could not be removed, are noted as trouble.
  @discardableResult
  package func collect(limit: Int? = nil, slack: Int = 0, waits: Bool = true) -> CollectionReport? {
    let lock: Int32?? = noting {
      do throws(CacheFiles.Failure) {
        return try files.lock(collectorPath, flags: O_CREAT, waits: waits)
      } catch {
        // There is no folder.
        if [ENOENT, ENOTDIR].contains(error.code) { return nil }
        throw error
      }
    }
    guard case .some(.some(let lock)) = lock else { return nil }
    defer { close(lock) }
    let recorded = read(usagePath)?.count ?? 0
    guard var collection = Collection(self) else { return nil }
    collection.removeLeftovers()
    dropOldRuns()
    collection.removeUnused(limit: limit ?? settings.limit, slack: slack)
    // What was recorded meanwhile may not have been counted.
    let usage = CacheUsage.text(counted: collection.report.bytes) + (read(usagePath) ?? []).dropFirst(recorded)
    let temporary = "\(root)/tmp/usage-\(UInt64.random(in: 0...UInt64.max))"
    noting { try files.replace(usagePath, with: usage, temporary: temporary) }
    return collection.report
  }

  /// Removes all that is neither pinned nor in use: results, damaged files, remembered digests, and with `runs` the records of
  /// runs, which otherwise go on to explain what comes after.
  @discardableResult
  package func clear(runs: Bool = false) -> CollectionReport? {
    if runs { dropOldRuns(keeping: 0) }
    noting { try files.delete(root + "/digests") }
    return collect(limit: 0)
  }
}

/// What is written while it goes on is safe from it: a blob is needed by an entry that was found, or by a store under way
/// when the leases were read, which names it, or by one that began later, which marks it as used since `start`.
private struct Collection {
  private let cache: DiskCache
  /// Later than all that was finished before.
  private let start: Int64
  private let temporaries: [String]
  private let leases: LivingLeases
  private let contents: CacheContents
  /// How many entries name each blob.
  private var uses: [ContentDigest: Int] = [:]
  private(set) var report = CollectionReport()

  /// Damaged files are kept so long for those who want to know what happened to them.
  private static let quarantineTime: Int64 = 7 * 24 * 3600 * 1_000_000_000

  /// Nil when it cannot be told what is needed: a lease, an entry or a folder cannot be read.
  init?(_ cache: DiskCache) {
    self.cache = cache
    // In this order: a temporary file has a lease before it is there, and a store has an entry before it gives up its lease.
    temporaries = cache.listing(cache.root + "/tmp") ?? []
    guard let start = cache.files.now(at: cache.collectorPath),
      let leases = cache.noting({ try LivingLeases(in: cache.leaseFolder, cache.files) })
    else { return nil }
    self.start = start
    self.leases = leases
    contents = CacheContents(cache)
    guard contents.unreadable == 0 else { return nil }
    report.bytes = contents.sizeOnDisk
    report.files = contents.entries.count + contents.blobs.count + contents.quarantine.count + temporaries.count
    for file in contents.entries {
      for blob in file.entry.blobs { uses[blob, default: 0] += 1 }
    }
  }

  /// Removes what killed processes left: files half written, blobs that no entry names, entries without their blobs.
  mutating func removeLeftovers() {
    for name in temporaries where !leases.isOwned(temporary: name) {
      if delete("\(cache.root)/tmp/\(name)") { report.removedFiles += 1 }
    }
    for digest in contents.blobs.keys where uses[digest] == nil { removeBlob(digest) }
    for file in contents.entries where !contents.isComplete(file.entry) && !cache.hasBlobs(file.entry) {
      remove(file)
    }
    let now = Int64(CacheUsage.now) &* 1_000_000_000
    for file in contents.quarantine where now &- file.status.modified > Self.quarantineTime {
      remove(file.path, file.status)
    }
  }

  /// Removes damaged files and then entries, what was used last at the end.
  mutating func removeUnused(limit: Int, slack: Int) {
    let goal = report.bytes > limit ? limit - limit / 100 * slack : limit
    let room = missingRoom(slack: slack)
    func isEnough(_ report: CollectionReport) -> Bool { report.bytes <= goal && report.freedBytes >= room }
    for file in contents.quarantine.sorted(by: { $0.status.modified < $1.status.modified }) {
      if isEnough(report) { return }
      remove(file.path, file.status)
    }
    for file in contents.entries.sorted(by: { $0.status.modified < $1.status.modified })
    where !contents.pins.contains(file.entry.key) {
      if isEnough(report) { return }
      remove(file)
    }
  }

  /// Bytes to free so that the disk keeps its free space; 0 when all that can be removed would not do.
  private func missingRoom(slack: Int) -> Int {
    guard let space = cache.files.space(at: cache.root) else { return 0 }
    let kept = cache.settings.minimumFree(ofTotal: space.total)
    let missing = kept - space.free
    if missing <= 0 || missing > report.bytes { return 0 }
    return missing + kept / 100 * slack + report.freedBytes
  }

  /// Removes an entry, unless it is gone or was used meanwhile, and the blobs that no other one names.
  private mutating func remove(_ file: CacheContents.EntryFile) {
    guard remove(file.path, file.status) else { return }
    report.removedEntries += 1
    for digest in file.entry.blobs {
      let left = (uses[digest] ?? 1) - 1
      uses[digest] = left
      if left == 0 { removeBlob(digest) }
    }
  }

  /// Removes a blob that no entry names, unless a store needs it.
  private mutating func removeBlob(_ digest: ContentDigest) {
    guard let blob = contents.blobs[digest], !leases.blobs.contains(digest),
      cache.noting({ try cache.files.delete(blob.path, unusedSince: start) }) ?? false
    else { return }
    note(removed: blob.status)
  }

  /// Removes a file that is still what it was.
  @discardableResult
  private mutating func remove(_ path: String, _ status: FileStatus) -> Bool {
    guard cache.files.status(of: path) == status, delete(path) else { return false }
    note(removed: status)
    return true
  }

  private func delete(_ path: String) -> Bool {
    cache.noting { try cache.files.delete(path) } ?? false
  }

  private mutating func note(removed status: FileStatus) {
    report.removedFiles += 1
    report.freedBytes += status.sizeOnDisk
    report.bytes -= status.sizeOnDisk
  }
}
