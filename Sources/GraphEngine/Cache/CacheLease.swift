import Foundation

/// A locked file that says a run uses the cache; the lock ends with the process, whatever becomes of it.
final class CacheLease: Sendable {
  private let path: String
  private let file: Int32

  init(in folder: String) throws {
    path = "\(folder)/\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw CacheFiles.Failure(operation: "create", path: path, code: errno) }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      throw CacheFiles.Failure(operation: "lock", path: path, code: errno)
    }
  }

  deinit {
    unlink(path)
    close(file)
  }
}
