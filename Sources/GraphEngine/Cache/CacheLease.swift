import Foundation

/// A locked file that says a process writes to the cache; the lock ends with the process, whatever becomes of it.
///
/// The names of a holder's temporary files begin with the lease's. What came to be after the oldest living lease, and is
/// named by no entry, may be about to be: the collector leaves it alone.
final class CacheLease: Sendable {
  let name: String
  private let path: String
  private let file: Int32

  /// Throws `CacheFiles.Failure`.
  init(in folder: String, _ files: CacheFiles) throws(CacheFiles.Failure) {
    while true {
      let name = "\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
      let path = "\(folder)/\(name)"
      // A collector that comes between the two calls takes the file for a dead one's, and removes it.
      guard let file = try files.lock(path, flags: O_CREAT | O_EXCL, waits: false) else { continue }
      var status = stat()
      if fstat(file, &status) == 0, status.st_nlink > 0 {
        (self.name, self.path, self.file) = (name, path, file)
        return
      }
      close(file)
    }
  }

  deinit {
    unlink(path)
    close(file)
  }
}

/// The leases that are held at one moment.
struct LivingLeases {
  private(set) var names: Set<String> = []
  /// When the oldest was taken; `Int64.max` when none is held.
  private(set) var oldest = Int64.max

  /// Looks at every lease, and removes those whose holder is gone.
  init(in folder: String, _ files: CacheFiles) {
    for name in files.names(in: folder) {
      let path = "\(folder)/\(name)"
      guard let status = files.status(of: path), status.isRegular else { continue }
      if let file = try? files.lock(path, waits: false) {
        files.remove(path)
        close(file)
      } else if files.status(of: path) != nil {
        names.insert(name)
        oldest = min(oldest, status.modified)
      }
    }
  }

  /// Whether a temporary file is being written by a holder.
  func isOwned(temporary name: String) -> Bool {
    name.lastIndex(of: "-").map { names.contains(String(name[..<$0])) } ?? false
  }
}
