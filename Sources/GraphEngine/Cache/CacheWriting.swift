import Foundation

extension DiskCache {
  /// Keeps a node's outputs, in declared order; returns whether they are kept now.
  ///
  /// `ancestors` are the descriptors behind `descriptor` that have no entry.
  @discardableResult
  package func store(
    key: ContentDigest, node: String, descriptor: [UInt8], seconds: Double,
    outputs: [(port: String, type: String, bytes: [UInt8])], ancestors: [[UInt8]] = [], warnings: [NodeWarning] = []
  ) -> Bool {
    attempt { () throws -> Void in
      try makeRoom(for: outputs.reduce(1 << 16) { $0 + $1.bytes.count })
      var batch = FileBatch(files, syncs: settings.durability == .full)
      defer { batch.discard() }
      var kept: [CacheEntry.Output] = []
      for output in outputs {
        let blob = try add(output.bytes, to: &batch)
        kept.append(.init(port: output.port, type: output.type, blob: blob, size: output.bytes.count))
      }
      let entry = CacheEntry(
        key: key, node: node, descriptor: try add(descriptor, to: &batch), seconds: seconds, outputs: kept,
        ancestors: try ancestors.map { try add($0, to: &batch) },
        warnings: Array(warnings.prefix(NodeWarning.countLimit)))
      try batch.add(entry.bytes, as: entryPath(key), temporary: temporaryPath())
      try batch.place(clearing: clear)
      recordWritten(batch.sizeOnDisk)
    } != nil
  }

  /// Adds bytes as a blob, unless an undamaged one is there.
  private func add(_ bytes: [UInt8], to batch: inout FileBatch) throws -> ContentDigest {
    let digest = ContentDigest(hashing: bytes)
    let path = blobPath(digest)
    if try !isKept(bytes, at: path) { try batch.add(bytes, as: path, temporary: temporaryPath()) }
    return digest
  }

  /// Whether a file holds these bytes and will do so; the collector may remove it until it has seen that it is wanted.
  private func isKept(_ bytes: [UInt8], at path: String) throws -> Bool {
    guard let found = try? files.read(path, limit: bytes.count), found == bytes, files.touch(path) else { return false }
    guard settings.durability == .full else { return true }
    // Its writer may not have waited for the disk.
    do throws(CacheFiles.Failure) {
      try files.sync(path)
    } catch {
      if error.code == ENOENT { return false }
      throw error
    }
    return true
  }

  /// Puts aside a folder in the place of a file, or a file in the place of its folder; returns whether there was one.
  private func clear(_ path: String) -> Bool {
    let shard = CacheFiles.folder(of: path) ?? root
    if let status = files.status(of: path), !status.isRegular {
      quarantine(path)
      return true
    }
    if files.status(of: shard) != nil, !files.isFolder(shard) {
      quarantine(shard)
      return true
    }
    return false
  }

  /// Remembers digests of large files, where that works; without `makesFolder` only in a cache that exists.
  func keep(_ memo: DigestMemo, makesFolder: Bool) {
    guard makesFolder || files.isFolder(root) else { return }
    let temporary = "\(root)/tmp/digests-\(UInt64.random(in: 0...UInt64.max))"
    _ = try? files.makeFolder(root + "/tmp")
    try? files.replace(root + "/digests", with: memo.bytes, temporary: temporary)
  }
}

/// Files on their way to the disk together: all of them are written, and synced where that is asked for, before the first
/// has its name.
private struct FileBatch {
  private let files: CacheFiles
  private let syncs: Bool
  /// In the order they are to appear in.
  private var unplaced: [(path: String, temporary: String, file: Int32)] = []
  private(set) var sizeOnDisk = 0

  init(_ files: CacheFiles, syncs: Bool) {
    self.files = files
    self.syncs = syncs
  }

  /// Writes a file that `place` gives its name.
  mutating func add(_ bytes: [UInt8], as path: String, temporary: String) throws {
    if unplaced.contains(where: { $0.path == path }) { return }
    let file = try files.create(temporary, for: path)
    unplaced.append((path, temporary, file))
    try files.write(bytes, to: file, path: path)
    sizeOnDisk += FileStatus.sizeOnDisk(bytes.count)
  }

  /// Gives all files their names, in the order they were added; `clearing` takes away what is in the way of one.
  mutating func place(clearing: (_ path: String) -> Bool) throws {
    // The disk writes them in one go when it is first asked to.
    if syncs { for new in unplaced { try files.sync(new.file, path: new.path) } }
    var changed: Set<String> = []
    while let new = unplaced.first {
      do {
        try changed.formUnion(name(new.temporary, as: new.path))
      } catch {
        guard clearing(new.path) else { throw error }
        try changed.formUnion(name(new.temporary, as: new.path))
      }
      close(new.file)
      unplaced.removeFirst()
    }
    if syncs { for folder in changed.sorted() { try files.syncFolder(folder) } }
  }

  /// Gives the folders that changed by it.
  private func name(_ temporary: String, as path: String) throws -> [String] {
    guard let folder = CacheFiles.folder(of: path) else { preconditionFailure("a place without a folder") }
    let changed = files.isFolder(folder) ? [] : try files.makeFolder(folder)
    try files.move(temporary, to: path)
    return changed + [folder]
  }

  /// Removes what has no name yet.
  mutating func discard() {
    for new in unplaced {
      close(new.file)
      files.remove(new.temporary)
    }
    unplaced = []
  }
}
