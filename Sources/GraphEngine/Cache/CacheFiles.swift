import Foundation

/// The reason the system gives for a failed call, as in "no such file or directory".
func systemMessage(_ code: Int32) -> String {
  let text = String(cString: strerror(code))
  return text.prefix(1).lowercased() + text.dropFirst()
}

/// Every system call that the cache makes: a file is either there, whole, or not there at all.
package struct CacheFiles: Sendable {
  /// What a call does.
  package enum Call: String, Sendable, CaseIterable { case open, read, write, sync, rename, mkdir, unlink, lock }

  /// Hears of each call before it is made, and may make it fail with an error number.
  package typealias Fault = @Sendable (_ call: Call, _ path: String) -> Int32?

  /// A call that the system refused.
  struct Failure: Error {
    let call: Call
    let path: String
    let code: Int32

    var message: String {
      let verb =
        switch call {
        case .open: "open"
        case .read: "read"
        case .write, .sync, .rename: "write"
        case .mkdir: "make the folder"
        case .unlink: "remove"
        case .lock: "lock"
        }
      return "cannot \(verb) '\(path)': \(systemMessage(code))"
    }
  }

  private let fault: Fault?

  package init(fault: Fault? = nil) { self.fault = fault }

  // MARK: Reading

  /// A whole regular file; nil when there is none, or one larger than `limit` bytes.
  func read(_ path: String, limit: Int = .max) throws(Failure) -> [UInt8]? {
    let file: Int32
    do {
      // Without O_NONBLOCK a pipe would wait for a writer.
      file = try attempt(.open, path) { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    } catch {
      if [ENOENT, ENOTDIR, ENXIO, ELOOP].contains(error.code) { return nil }
      throw error
    }
    defer { close(file) }
    return try contents(of: file, path: path, limit: limit)
  }

  /// All of an open file that was not read from yet; nil when it is no regular file, or larger than `limit` bytes.
  private func contents(of file: Int32, path: String, limit: Int) throws(Failure) -> [UInt8]? {
    guard let status = FileStatus(file), status.isRegular, status.size <= limit else { return nil }
    var failure: Failure?
    let bytes = [UInt8](unsafeUninitializedCapacity: status.size) { buffer, count in
      do throws(Failure) {
        while count < buffer.count {
          let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
          let got = try attempt(.read, path) { Foundation.read(file, rest.baseAddress, rest.count) }
          if got == 0 { return }
          count += got
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// What is known of a file without reading it; nil when there is none.
  func status(of path: String) -> FileStatus? {
    var status = stat()
    return lstat(path, &status) == 0 ? FileStatus(status) : nil
  }

  /// The names in a folder, sorted; none when there is no such folder.
  func names(in folder: String) throws(Failure) -> [String] {
    let file: Int32
    do {
      file = try attempt(.open, folder) { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    } catch {
      if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return [] }
      throw error
    }
    guard let stream = fdopendir(file) else {
      defer { close(file) }
      throw Failure(call: .open, path: folder, code: errno)
    }
    defer { closedir(stream) }
    guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
    var names: [String] = []
    while let entry = readdir(stream) {
      // By address: the record ends with the name, before the end of the field that is declared for it.
      let name = String(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Bytes that are free to this user on a folder's disk, and all that it holds; nil when the folder is not there.
  func space(at folder: String) -> (free: Int, total: Int)? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    let unit = UInt64(status.f_frsize)
    let free = UInt64(status.f_bavail).multipliedReportingOverflow(by: unit)
    let total = UInt64(status.f_blocks).multipliedReportingOverflow(by: unit)
    guard !free.overflow, !total.overflow else { return nil }
    return (Int(clamping: free.partialValue), Int(clamping: total.partialValue))
  }

  // MARK: Writing

  /// Writes a file as `temporary` and renames it, making the folder it goes to.
  func replace(_ path: String, with bytes: [UInt8], temporary: String) throws(Failure) {
    let file = try create(temporary, for: path)
    defer { close(file) }
    do throws(Failure) {
      try write(bytes, to: file, path: path)
      try move(temporary, to: path)
    } catch {
      Foundation.unlink(temporary)
      throw error
    }
  }

  /// Makes and opens a file that is going to be `path`.
  func create(_ temporary: String, for path: String) throws(Failure) -> Int32 {
    try attempt(.open, path, shown: temporary) {
      open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    }
  }

  /// Waits until an open file's bytes are on the disk.
  func sync(_ file: Int32, path: String) throws(Failure) { try attempt(.sync, path) { fsync(file) } }

  /// Adds bytes to the end of a file in one call, making the file when it is missing.
  func append(_ bytes: [UInt8], to path: String) throws(Failure) {
    let file = try attempt(.open, path) { open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) }
    defer { close(file) }
    try write(bytes, to: file, path: path)
  }

  /// Renames a file or folder, making the folder it goes to.
  func move(_ path: String, to destination: String) throws(Failure) {
    do {
      try attempt(.rename, destination) { Foundation.rename(path, destination) }
    } catch {
      guard error.code == ENOENT, let folder = Self.folder(of: destination) else { throw error }
      try makeFolder(folder)
      try attempt(.rename, destination) { Foundation.rename(path, destination) }
    }
  }

  /// Makes a folder and those above it, if they are missing; gives the folders that got a new name in them.
  @discardableResult
  func makeFolder(_ path: String) throws(Failure) -> [String] {
    do {
      try attempt(.mkdir, path) { mkdir(path, 0o755) }
      return [Self.folder(of: path) ?? "."]
    } catch {
      if error.code == EEXIST {
        if isFolder(path) { return [] }
        throw Failure(call: .mkdir, path: path, code: ENOTDIR)
      }
      guard error.code == ENOENT, let above = Self.folder(of: path) else { throw error }
      return try makeFolder(above) + makeFolder(path)
    }
  }

  /// Waits until the names in a folder are on the disk.
  func syncFolder(_ path: String) throws(Failure) {
    let file = try attempt(.open, path) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    defer { close(file) }
    try sync(file, path: path)
  }

  /// Removes a file; returns false when it is gone already.
  @discardableResult
  func delete(_ path: String) throws(Failure) -> Bool {
    do {
      try attempt(.unlink, path) { Foundation.unlink(path) }
      return true
    } catch {
      if error.code == ENOENT { return false }
      throw error
    }
  }

  /// Removes a file, where that works; returns whether it did.
  @discardableResult
  func remove(_ path: String) -> Bool { (try? delete(path)) ?? false }

  // MARK: Use

  /// Whether a file holds these bytes, and was not removed; it counts as used now.
  func reuse(_ path: String, holding bytes: [UInt8], syncs: Bool) throws(Failure) -> Bool {
    guard let file = try? attempt(.open, path, { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }) else { return false }
    defer { close(file) }
    guard FileStatus(file)?.isRegular ?? false else { return false }
    try attempt(.lock, path) { flock(file, LOCK_SH) }
    // A damaged file is marked too: what comes in its place is not to be removed either.
    guard isNamed(file), futimens(file, nil) == 0,
      let found = try? contents(of: file, path: path, limit: bytes.count), found == bytes
    else { return false }
    // Its writer may not have waited for the disk.
    if syncs { try sync(file, path: path) }
    return true
  }

  /// Removes a file, unless it was used at a moment or later, in nanoseconds since 1970, or someone is looking at it;
  /// returns whether it did.
  func delete(_ path: String, unusedSince moment: Int64) throws(Failure) -> Bool {
    do {
      guard let file = try lock(path, waits: false) else { return false }
      defer { close(file) }
      guard let status = FileStatus(file), isNamed(file), status.modified < moment else { return false }
      return try delete(path)
    } catch {
      if error.code == ENOENT { return false }
      throw error
    }
  }

  /// Sets a file's time to now; false where there is none, or it is someone else's.
  @discardableResult
  func touch(_ path: String) -> Bool { utimensat(AT_FDCWD, path, nil, 0) == 0 }

  /// A moment later than all that was written and used before the call; a file tells it.
  func now(at path: String) -> Int64? {
    func time() -> Int64? { touch(path) ? status(of: path)?.modified : nil }
    guard let before = time() else { return nil }
    // The time of files advances every few milliseconds; that of some file systems by seconds, which none waits for.
    for _ in 0..<50 {
      usleep(500)
      guard let now = time() else { return nil }
      if now > before { return now }
    }
    return before
  }

  /// Whether an open file was not removed.
  func isNamed(_ file: Int32) -> Bool {
    var status = stat()
    return fstat(file, &status) == 0 && status.st_nlink > 0
  }

  /// Opens a file and locks it for this holder alone; nil when another one has it and `waits` is false.
  ///
  /// The lock ends when the descriptor is closed, at the latest with the process.
  func lock(_ path: String, flags: Int32 = 0, waits: Bool) throws(Failure) -> Int32? {
    let file = try attempt(.open, path) { open(path, O_RDWR | O_CLOEXEC | flags, 0o644) }
    do {
      try attempt(.lock, path) { flock(file, waits ? LOCK_EX : LOCK_EX | LOCK_NB) }
      return file
    } catch {
      close(file)
      if error.code == EWOULDBLOCK { return nil }
      throw error
    }
  }

  // MARK: Calls

  func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func folder(of path: String) -> String? {
    path.lastIndex(of: "/").flatMap { $0 == path.startIndex ? nil : String(path[..<$0]) }
  }

  func write(_ bytes: [UInt8], to file: Int32, path: String) throws(Failure) {
    var written = 0
    while written < bytes.count {
      written += try attempt(.write, path) {
        bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress.map { $0 + written }, $0.count - written) }
      }
    }
  }

  /// Makes a call, again when a signal interrupts it; a negative result means an error in `errno`.
  ///
  /// Errors tell of `shown`, or of `path` without it.
  @discardableResult
  private func attempt<Result: SignedInteger>(
    _ call: Call, _ path: String, shown: String? = nil, _ body: () -> Result
  ) throws(Failure) -> Result {
    if let code = fault?(call, path) { throw Failure(call: call, path: shown ?? path, code: code) }
    while true {
      let result = body()
      if result >= 0 { return result }
      if errno != EINTR { throw Failure(call: call, path: shown ?? path, code: errno) }
    }
  }
}
