import Foundation

/// A locked file that says a process writes to the cache, and names the blobs that are needed for it.
///
/// The lock ends with the writing, at the latest with the process, whatever becomes of that. The names of temporary files
/// begin with the lease's. A blob that no entry names may be about to be named: the collector leaves those alone that a
/// lease names, and those that were used since it looked.
struct CacheLease {
  let name: String
  private let path: String
  private let file: Int32

  /// Throws `CacheFiles.Failure`.
  init(in folder: String, on blobs: [ContentDigest], _ files: CacheFiles) throws(CacheFiles.Failure) {
    while true {
      let name = "\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
      let path = "\(folder)/\(name)"
      // A collector that comes between the two calls takes the file for a dead one's, and removes it.
      guard let file = try files.lock(path, flags: O_CREAT | O_EXCL, waits: false) else { continue }
      guard files.isNamed(file) else {
        close(file)
        continue
      }
      (self.name, self.path, self.file) = (name, path, file)
      do {
        try files.write(blobs.flatMap { Array("\($0)\n".utf8) }, to: file, path: path)
      } catch {
        end()
        throw error
      }
      return
    }
  }

  func end() {
    unlink(path)
    close(file)
  }
}

/// The leases that are held at one moment.
struct LivingLeases {
  private(set) var names: Set<String> = []
  private(set) var blobs: Set<ContentDigest> = []

  /// Looks at every lease, and removes those whose holder is gone.
  ///
  /// Throws when one that is held cannot be read.
  init(in folder: String, _ files: CacheFiles) throws(CacheFiles.Failure) {
    for name in try files.names(in: folder) {
      let path = "\(folder)/\(name)"
      guard let status = files.status(of: path), status.isRegular else { continue }
      if let file = try? files.lock(path, waits: false) {
        files.remove(path)
        close(file)
      } else if let text = try files.read(path) {
        names.insert(name)
        for line in text.split(separator: UInt8(ascii: "\n")) {
          if let blob = ContentDigest(hex: String(decoding: line, as: UTF8.self)) { blobs.insert(blob) }
        }
      }
    }
  }

  /// Whether a temporary file is being written by a holder.
  func isOwned(temporary name: String) -> Bool {
    name.lastIndex(of: "-").map { names.contains(String(name[..<$0])) } ?? false
  }
}
