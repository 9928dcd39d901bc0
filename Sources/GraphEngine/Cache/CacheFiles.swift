import Foundation

/// The reason the system gives for a failed call, as in "no such file or directory".
func systemMessage(_ code: Int32) -> String {
  let text = String(cString: strerror(code))
  return text.prefix(1).lowercased() + text.dropFirst()
}

/// File operations of the cache: a file is either there, whole, or not there at all.
struct CacheFiles: Sendable {
  /// A call that the system refused.
  struct Failure: Error {
    let operation: String
    let path: String
    let code: Int32

    var message: String { "cannot \(operation) '\(path)': \(systemMessage(code))" }
  }

  /// Where files are written before they are renamed; on the same file system as their final places.
  let temporaryFolder: String

  /// A whole file; nil when it is missing, unreadable or larger than `limit` bytes.
  func read(_ path: String, limit: Int = .max) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else { return nil }
    var isComplete = true
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
      while count < buffer.count {
        let got = Foundation.read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          isComplete = false
          break
        }
        count += got
      }
    }
    return isComplete ? bytes : nil
  }

  /// Writes a file under a temporary name and renames it; `durably` waits until its bytes are on the disk first.
  func replace(_ path: String, with bytes: [UInt8], durably: Bool) throws {
    let temporary = "\(temporaryFolder)/\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw Failure(operation: "create", path: temporary, code: errno) }
    do {
      defer { close(file) }
      try write(bytes, to: file, path: temporary)
      if durably, fsync(file) != 0 { throw Failure(operation: "write", path: temporary, code: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    do {
      try move(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Renames a file, making the folder it goes to.
  func move(_ path: String, to destination: String) throws {
    if rename(path, destination) == 0 { return }
    if errno == ENOENT, let slash = destination.lastIndex(of: "/") {
      try makeFolder(String(destination[..<slash]))
      if rename(path, destination) == 0 { return }
    }
    throw Failure(operation: "write", path: destination, code: errno)
  }

  /// Makes a folder and those above it, if they are missing.
  func makeFolder(_ path: String) throws {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    let code = errno
    guard code == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
      throw Failure(operation: "make the folder", path: path, code: code)
    }
    try makeFolder(String(path[..<slash]))
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw Failure(operation: "make the folder", path: path, code: errno)
    }
  }

  /// The size of a regular file; nil when there is none.
  func size(of path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// Sets a file's time to now.
  func touch(_ path: String) { utimensat(AT_FDCWD, path, nil, 0) }

  /// The names in a folder, sorted; none when it cannot be read.
  func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private func write(_ bytes: [UInt8], to file: Int32, path: String) throws {
    try bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = Foundation.write(file, buffer.baseAddress.map { $0 + written }, buffer.count - written)
        if count < 0 {
          if errno == EINTR { continue }
          throw Failure(operation: "write", path: path, code: errno)
        }
        written += count
      }
    }
  }
}
