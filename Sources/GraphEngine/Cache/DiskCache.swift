import Foundation
import Synchronization

/// Results of nodes by key, in a folder that many processes may use at once.
///
/// Below `v1/`: `cas/ab/<sha256>` holds blobs, `ac/ab/<key>` entries, `tmp` files being written, `leases` one locked file
/// for each run, `quarantine` what failed its check, `digests` those of large source files. Blobs are written first and
/// the entry last. Every read is checked, and a cache that cannot be used costs time and one warning, never a result.
package final class DiskCache: Sendable {
  /// The cache folder as it was given.
  package let location: String
  let files: CacheFiles
  private let root: String
  private let state = Mutex(State())

  private struct State {
    var isPrepared = false
    /// Set by the first write that fails; nothing is written after it.
    var isReadOnly = false
    var pendingWarning: String?
    var quarantined = 0
  }

  /// Opens the cache in a folder; nothing is made before something is kept.
  package init(at location: String) {
    self.location = location
    root = location + "/v1"
    files = CacheFiles(temporaryFolder: location + "/v1/tmp")
  }

  // MARK: Reading

  /// The undamaged entry of a key, if it fits the outputs and all of its blobs are there.
  package func entry(for key: ContentDigest, outputs: [OutputDeclaration]) -> CacheEntry? {
    let path = entryPath(key)
    guard let bytes = files.read(path, limit: CacheEntry.sizeLimit) else { return nil }
    guard let entry = CacheEntry(bytes), entry.key == key else {
      quarantine(path)
      return nil
    }
    guard entry.matches(outputs), entry.outputs.allSatisfy({ files.size(of: blobPath($0.blob)) == $0.size }) else {
      return nil
    }
    return entry
  }

  /// A blob's bytes, checked against its name; a damaged one is put aside and nil returned.
  package func blob(_ digest: ContentDigest) -> [UInt8]? {
    let path = blobPath(digest)
    guard let bytes = files.read(path) else { return nil }
    guard ContentDigest(hashing: bytes) == digest else {
      quarantine(path)
      return nil
    }
    return bytes
  }

  /// Notes that an entry was of use, for the collector that drops what was not used for longest.
  func touch(_ entry: CacheEntry) {
    files.touch(entryPath(entry.key))
    for output in entry.outputs { files.touch(blobPath(output.blob)) }
  }

  // MARK: Writing

  /// Keeps a node's outputs, in declared order; returns whether they are on the disk now.
  @discardableResult
  package func store(
    key: ContentDigest, node: String, descriptor: [UInt8], seconds: Double,
    outputs: [(port: String, type: String, bytes: [UInt8])]
  ) -> Bool {
    attempt { () throws -> Void in
      var kept: [CacheEntry.Output] = []
      for output in outputs {
        let blob = try store(output.bytes, durably: true)
        kept.append(.init(port: output.port, type: output.type, blob: blob, size: output.bytes.count))
      }
      // Explains results and decides none of them: it may be lost.
      let descriptor = try store(descriptor, durably: false)
      let entry = CacheEntry(key: key, node: node, descriptor: descriptor, seconds: seconds, outputs: kept)
      try files.replace(entryPath(key), with: entry.bytes, durably: true)
    } != nil
  }

  private func store(_ bytes: [UInt8], durably: Bool) throws -> ContentDigest {
    let digest = ContentDigest(hashing: bytes)
    let path = blobPath(digest)
    if files.read(path, limit: bytes.count) == bytes {
      files.touch(path)
    } else {
      try files.replace(path, with: bytes, durably: durably)
    }
    return digest
  }

  /// Marks the cache as in use by this run until the lease is given up.
  func lease() -> CacheLease? { attempt { try CacheLease(in: root + "/leases") } }

  /// Digests of large files that earlier runs read.
  func digestMemo() -> DigestMemo { DigestMemo(files.read(root + "/digests", limit: DigestMemo.sizeLimit) ?? []) }

  func keep(_ memo: DigestMemo) {
    attempt { try files.replace(root + "/digests", with: memo.bytes, durably: false) }
  }

  /// What the user should know of the cache, once.
  package func takeWarning() -> String? { state.withLock { $0.pendingWarning.take() } }

  /// Runs something that writes; the first failure makes the cache read-only.
  @discardableResult
  private func attempt<Result>(_ body: () throws -> Result) -> Result? {
    guard state.withLock({ !$0.isReadOnly }) else { return nil }
    do {
      try prepare()
      return try body()
    } catch {
      let reason = (error as? CacheFiles.Failure)?.message ?? "\(error)"
      state.withLock { state in
        guard !state.isReadOnly else { return }
        state.isReadOnly = true
        state.pendingWarning = "results are not kept: \(reason)"
      }
      return nil
    }
  }

  private func prepare() throws {
    guard state.withLock({ !$0.isPrepared }) else { return }
    for folder in ["cas", "ac", "tmp", "leases"] { try files.makeFolder("\(root)/\(folder)") }
    let tag = location + "/CACHEDIR.TAG"
    if files.size(of: tag) == nil { try files.replace(tag, with: Array(Self.tag.utf8), durably: false) }
    state.withLock { $0.isPrepared = true }
  }

  /// Tells backup programs to leave the folder out.
  ///
  /// The format is that of https://bford.info/cachedir/.
  private static let tag = """
    Signature: 8a477f597d28d172789f06886806bc55
    # This file marks the folder as a cache of Stepgraph.

    """

  // MARK: Places

  private func quarantine(_ path: String) {
    let name = path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...]
    let place = "\(root)/quarantine/\(name)-\(UInt32.random(in: 0...UInt32.max))"
    do { try files.move(path, to: place) } catch { unlink(path) }
    state.withLock { $0.quarantined += 1 }
  }

  /// Files put aside since the cache was opened.
  package var quarantinedCount: Int { state.withLock { $0.quarantined } }

  private func entryPath(_ key: ContentDigest) -> String { path("ac", key) }
  private func blobPath(_ digest: ContentDigest) -> String { path("cas", digest) }

  private func path(_ folder: String, _ digest: ContentDigest) -> String {
    var path = Array("\(root)/\(folder)/ab/".utf8)
    let shard = path.count - 3
    digest.appendHex(to: &path)
    path.replaceSubrange(shard..<shard + 2, with: path[shard + 3..<shard + 5])
    return String(decoding: path, as: UTF8.self)
  }
}
