/// What reading all of a cache showed.
package struct VerificationReport: Sendable, Equatable {
  package var entries = 0
  package var blobs = 0
  package var bytes = 0
  /// Files that are not what their names say; they were put aside.
  package var damagedEntries = 0
  package var damagedBlobs = 0
  /// Entries of which a blob was damaged or gone; they were removed.
  package var incompleteEntries = 0
  /// Files and folders that the cache did not make; they are left alone.
  package var foreign: [String] = []

  package var isSound: Bool { damagedEntries + damagedBlobs + incompleteEntries == 0 }
}

extension DiskCache {
  /// Reads and checks every file; what fails is put aside, and will be computed again when it is needed.
  ///
  /// What cannot be read, or not put aside, is noted as trouble.
  ///
  /// `progress` gets the bytes read and those to read.
  package func verify(progress: (_ done: Int, _ all: Int) -> Void = { _, _ in }) -> VerificationReport {
    let contents = CacheContents(self)
    var report = VerificationReport()
    report.damagedEntries = contents.damagedEntries
    report.foreign = contents.foreign
    let all = contents.blobs.values.reduce(0) { $0 + $1.status.size }
    var lost: Set<ContentDigest> = []
    for (digest, file) in contents.blobs {
      let quarantined = quarantinedCount
      if blob(digest) == nil {
        if quarantinedCount > quarantined { report.damagedBlobs += 1 }
        lost.insert(digest)
      }
      report.blobs += 1
      report.bytes += file.status.size
      progress(report.bytes, all)
    }
    for file in contents.entries {
      report.entries += 1
      let isWhole = file.entry.outputs.allSatisfy { !lost.contains($0.blob) } && contents.isComplete(file.entry)
      // What a running process made meanwhile is no loss; an entry that was only used meanwhile is the same one.
      if isWhole || hasBlobs(file.entry) || entry(for: file.entry.key) != file.entry { continue }
      if noting({ try files.delete(file.path) }) ?? true { report.incompleteEntries += 1 }
    }
    return report
  }
}
