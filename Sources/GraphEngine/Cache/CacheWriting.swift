import Foundation

extension DiskCache {
  /// Keeps a node's outputs, in declared order; returns whether they are kept now.
  ///
  /// `ancestors` are the descriptors behind `descriptor` that have no entry.
  @discardableResult
  package func store(
    key: ContentDigest, node: String, descriptor: [UInt8], seconds: Double,
    outputs: [(port: String, type: String, bytes: [UInt8])], ancestors: [[UInt8]] = [], warnings: [NodeWarning] = [],
    origin: CacheEntry.Origin? = nil
  ) -> Bool {
    let blobs = outputs.map { $0.bytes } + [descriptor] + ancestors
    let entry = CacheEntry(
      key: key, node: node, descriptor: ContentDigest(hashing: descriptor), seconds: seconds,
      outputs: outputs.map { output in
        .init(
          port: output.port, type: output.type, blob: ContentDigest(hashing: output.bytes), size: output.bytes.count)
      },
      ancestors: ancestors.map { ContentDigest(hashing: $0) }, warnings: Array(warnings.prefix(NodeWarning.countLimit)),
      origin: origin)
    return attempt(needing: entry.blobs) { lease throws -> Void in
      try makeRoom(for: outputs.reduce(1 << 16) { $0 + $1.bytes.count })
      let syncs = settings.durability == .full
      var batch = FileBatch(files, syncs: syncs) { [self] in temporaryPath($0, under: lease) }
      defer { batch.discard() }
      for (bytes, digest) in zip(blobs, entry.blobs) {
        let path = blobPath(digest)
        if try files.reuse(path, holding: bytes, syncs: syncs) {
          batch.addPlaced(path)
        } else {
          try batch.add(bytes, as: path)
        }
      }
      try batch.add(entry.bytes, as: entryPath(key))
      try batch.place(clearing: clear)
      recordWritten(batch.sizeOnDisk)
    } != nil
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
  private let temporaryPath: (Int) -> String
  /// In the order they are to appear in.
  private var unplaced: [(path: String, temporary: String, file: Int32)] = []
  /// Folders with names that may not be on the disk yet.
  private var changed: Set<String> = []
  private(set) var sizeOnDisk = 0

  /// `temporaryPath` gives each file the path that it has at first, by its number.
  init(_ files: CacheFiles, syncs: Bool, temporaryPath: @escaping (Int) -> String) {
    self.files = files
    self.syncs = syncs
    self.temporaryPath = temporaryPath
  }

  /// Writes a file that `place` gives its name.
  mutating func add(_ bytes: [UInt8], as path: String) throws {
    if unplaced.contains(where: { $0.path == path }) { return }
    let temporary = temporaryPath(unplaced.count)
    let file = try files.create(temporary, for: path)
    unplaced.append((path, temporary, file))
    try files.write(bytes, to: file, path: path)
    sizeOnDisk += FileStatus.sizeOnDisk(bytes.count)
  }

  /// Takes up a file that is there already; whoever gave it its name may not have waited for the disk.
  mutating func addPlaced(_ path: String) { if let folder = CacheFiles.folder(of: path) { changed.insert(folder) } }

  /// Gives all files their names, in the order they were added; `clearing` takes away what is in the way of one.
  mutating func place(clearing: (_ path: String) -> Bool) throws {
    // The disk writes them in one go when it is first asked to.
    if syncs { for new in unplaced { try files.sync(new.file, path: new.path) } }
    while let new = unplaced.first {
      do {
        try name(new.temporary, as: new.path)
      } catch {
        guard clearing(new.path) else { throw error }
        try name(new.temporary, as: new.path)
      }
      close(new.file)
      unplaced.removeFirst()
    }
    if syncs { for folder in changed.sorted() { try files.syncFolder(folder) } }
  }

  private mutating func name(_ temporary: String, as path: String) throws {
    guard let folder = CacheFiles.folder(of: path) else { preconditionFailure("a place without a folder") }
    if !files.isFolder(folder) { try changed.formUnion(files.makeFolder(folder)) }
    try files.move(temporary, to: path)
    changed.insert(folder)
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
