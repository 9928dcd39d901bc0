import Synchronization

/// Results of nodes by key, in a folder that many processes may use at once.
///
/// Below `v1/`: `cas/ab/<sha256>` holds blobs, `ac/ab/<key>` entries, `tmp` files being written, `leases` a locked file
/// for each result being written, `pins` the keys that the collector leaves alone, `quarantine` what failed its check,
/// `digests` those of large source files, `usage` about how much there is. Blobs are written first and the entry last.
/// Every read is checked, and a cache that cannot be used costs time and one warning, never a result.
package final class DiskCache: Sendable {
  /// The cache folder as it was given.
  package let location: String
  package let settings: CacheSettings
  let files: CacheFiles
  let root: String
  private let state = Mutex(State())
  /// Whether the folders are made.
  private let isPrepared = Mutex(false)

  private struct State {
    /// Set by the first write that fails; nothing is written after it.
    var isReadOnly = false
    var hasWarned = false
    var pendingWarning: String?
    var quarantined = 0
    var trouble: CacheTrouble?
    /// Bytes written that the record of the cache's size does not know yet.
    var unrecordedBytes = 0
  }

  /// Opens the cache in a folder; nothing is made before something is kept.
  package init(
    at location: String, settings: CacheSettings = CacheSettings(), fault: CacheFiles.Fault? = CacheFault.armed
  ) {
    self.location = location
    self.settings = settings
    root = location + "/v1"
    files = CacheFiles(fault: fault)
  }

  // MARK: Trouble

  /// What the user should know of the cache, once.
  package func takeWarning() -> String? { state.withLock { $0.pendingWarning.take() } }

  /// Whether what is stored is kept, as far as is known.
  var keepsResults: Bool { state.withLock { !$0.isReadOnly } }

  /// Runs something that writes, and needs these blobs for it; the first failure makes the cache read-only.
  func attempt<Result>(needing blobs: [ContentDigest] = [], _ body: (CacheLease) throws -> Result) -> Result? {
    guard keepsResults else { return nil }
    do {
      try prepare()
      let lease = try CacheLease(in: leaseFolder, on: blobs, files)
      defer { lease.end() }
      return try body(lease)
    } catch {
      let reason = (error as? CacheFiles.Failure)?.message ?? "\(error)"
      state.withLock { $0.isReadOnly = true }
      warn("results are not kept: \(reason)")
      return nil
    }
  }

  /// Makes the folders.
  private func prepare() throws {
    try isPrepared.withLock { isPrepared in
      if isPrepared { return }
      var changed: [String] = []
      for folder in ["cas", "ac", "tmp", "leases"] { changed += try files.makeFolder("\(root)/\(folder)") }
      if settings.durability == .full { for folder in Set(changed).sorted() { try files.syncFolder(folder) } }
      let tag = location + "/CACHEDIR.TAG"
      if files.status(of: tag) == nil {
        let lease = try CacheLease(in: leaseFolder, on: [], files)
        defer { lease.end() }
        try files.replace(tag, with: Array(Self.tag.utf8), temporary: temporaryPath(0, under: lease))
      }
      isPrepared = true
    }
  }

  /// Reads a file; one that is there and cannot be read is told of once, and counts as missing.
  func read(_ path: String, limit: Int = .max) -> [UInt8]? {
    do {
      return try files.read(path, limit: limit)
    } catch {
      noting { throw error }
      warn("results that the cache holds are computed again: \(error.message)")
      return nil
    }
  }

  private func warn(_ text: String) {
    state.withLock { state in
      if !state.hasWarned { state.pendingWarning = text }
      state.hasWarned = true
    }
  }

  /// The names in a folder; nil when it cannot be read, which is told of once and noted as trouble.
  func listing(_ folder: String) -> [String]? {
    do {
      return try files.names(in: folder)
    } catch {
      noting { throw error }
      warn("what the cache holds is not seen as a whole: \(error.message)")
      return nil
    }
  }

  /// Moves what is not what its name says out of the way; where that fails, it is noted as trouble.
  func quarantine(_ path: String) {
    let name = path.split(separator: "/").last ?? ""
    let place = "\(root)/quarantine/\(name)-\(UInt32.random(in: 0...UInt32.max))"
    noting {
      do { try files.move(path, to: place) } catch { try files.delete(path) }
    }
    state.withLock { $0.quarantined += 1 }
  }

  /// Runs something for a command that looks after the cache; a failure is noted as trouble.
  @discardableResult
  func noting<Result>(_ body: () throws -> Result) -> Result? {
    do {
      return try body()
    } catch {
      let reason = (error as? CacheFiles.Failure)?.message ?? "\(error)"
      state.withLock {
        $0.trouble = CacheTrouble(first: $0.trouble?.first ?? reason, count: ($0.trouble?.count ?? 0) + 1)
      }
      return nil
    }
  }

  /// What could not be read, removed or put aside since it was asked last; nil when that is nothing.
  package func takeTrouble() -> CacheTrouble? { state.withLock { $0.trouble.take() } }

  /// Files put aside since the cache was opened.
  package var quarantinedCount: Int { state.withLock { $0.quarantined } }

  /// Tells backup programs to leave the folder out.
  ///
  /// The format is that of https://bford.info/cachedir/.
  private static let tag = """
    Signature: 8a477f597d28d172789f06886806bc55
    # This file marks the folder as a cache of Stepgraph.

    """

  // MARK: Places

  var leaseFolder: String { root + "/leases" }
  var collectorPath: String { root + "/collector" }
  var usagePath: String { root + "/usage" }

  func entryPath(_ key: ContentDigest) -> String { path("ac", key) }
  func blobPath(_ digest: ContentDigest) -> String { path("cas", digest) }
  func pinPath(_ key: ContentDigest) -> String { "\(root)/pins/\(key)" }

  private func path(_ folder: String, _ digest: ContentDigest) -> String {
    var path = Array("\(root)/\(folder)/ab/".utf8)
    let shard = path.count - 3
    digest.appendHex(to: &path)
    path.replaceSubrange(shard..<shard + 2, with: path[shard + 3..<shard + 5])
    return String(decoding: path, as: UTF8.self)
  }

  /// A name for a file being written, one of several under a lease.
  func temporaryPath(_ number: Int, under lease: CacheLease) -> String { "\(root)/tmp/\(lease.name)-\(number)" }

  // MARK: Amounts

  /// Notes that bytes were written; gives all that are not on record once they are many.
  func addUnrecorded(_ bytes: Int) -> Int? {
    state.withLock { state in
      state.unrecordedBytes += bytes
      guard state.unrecordedBytes > min(64 << 20, settings.limit / 16) else { return nil }
      defer { state.unrecordedBytes = 0 }
      return state.unrecordedBytes
    }
  }

  func takeUnrecorded() -> Int {
    state.withLock { state in
      defer { state.unrecordedBytes = 0 }
      return state.unrecordedBytes
    }
  }
}

/// What the system refused to those who look after a cache.
package struct CacheTrouble: Sendable, Equatable {
  /// As in "cannot remove 'v1/ac/ab/abcd': permission denied".
  package let first: String
  package let count: Int
}
