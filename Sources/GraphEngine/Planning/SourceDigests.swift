import Crypto
import Diagnostics
import Foundation

/// Content digests of the files that nodes read; a large file is hashed once and then known by its identity on disk.
struct SourceDigests {
  /// A file that could not be read.
  struct Unreadable: Error {
    let path: String
    /// As in "no such file or directory".
    let reason: String
  }

  /// Files from this size on are remembered between runs.
  static let memorableSize = 64 << 10
  /// Progress is told about so often.
  private static let progressStep = 64 << 20

  private var byPath: [String: (digest: ContentDigest, identity: FileIdentity)] = [:]
  private let cache: DiskCache?
  /// Whether the cache's folder is made to remember digests there.
  private let makesFolder: Bool
  private var memo: DigestMemo?
  /// Files of fewer bytes are read each time.
  private let memorableSize: Int64
  private let progress: (@Sendable (_ path: String, _ done: Int, _ all: Int) -> Void)?

  /// Digests are remembered in `cache`, or in `other` if that exists; without both every file is hashed.
  ///
  /// Those of small files are worth it only to those who look at many.
  init(
    cache: DiskCache?, other: DiskCache?, remembersSmall: Bool = false,
    progress: (@Sendable (_ path: String, _ done: Int, _ all: Int) -> Void)?
  ) {
    self.cache = cache ?? other
    makesFolder = cache != nil
    memo = self.cache?.digestMemo()
    memorableSize = remembersSmall ? 1 : Int64(Self.memorableSize)
    self.progress = progress
  }

  /// The digest of the file's bytes, and what the file was just before they were read.
  ///
  /// Throws `Unreadable`.
  mutating func digest(of path: String) throws -> (digest: ContentDigest, identity: FileIdentity) {
    if let known = byPath[path] { return known }
    // Without O_NONBLOCK a pipe would wait for a writer.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else {
      let reason = systemMessage(errno)
      throw Unreadable(path: path, reason: reason + (FileNature.describe(linkAt: path).map { "; it is \($0)" } ?? ""))
    }
    defer { close(file) }
    guard let before = FileIdentity(file) else { throw Unreadable(path: path, reason: systemMessage(errno)) }
    guard before.isRegular else { throw Unreadable(path: path, reason: "it is no regular file") }
    let isMemorable = before.size >= memorableSize
    if isMemorable, let known = memo?.digest(of: before) {
      byPath[path] = (known, before)
      return (known, before)
    }
    let digest = try hash(file, path: path, size: Int(before.size))
    byPath[path] = (digest, before)
    // A file that was written while it was read, or a moment before, could change again without a new time stamp.
    if isMemorable, FileIdentity(file) == before, before.isSettled { memo?.add(digest, of: before) }
    return (digest, before)
  }

  /// Writes what was learned to the disk.
  func save() {
    if let memo, memo.isChanged { cache?.keep(memo, makesFolder: makesFolder) }
  }

  private func hash(_ file: Int32, path: String, size: Int) throws -> ContentDigest {
    var hash = SHA256()
    var done = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while true {
      let count = read(file, buffer.baseAddress, buffer.count)
      if count == 0 { return ContentDigest(hash.finalize()) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Unreadable(path: path, reason: systemMessage(errno))
      }
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      done += count
      if done % Self.progressStep < count { progress?(path, done, size) }
    }
  }
}

/// What tells one state of a file from another without reading it.
package struct FileIdentity: Hashable, Sendable, CustomStringConvertible {
  let device: UInt64
  let inode: UInt64
  let size: Int64
  let modified: Int64
  let changed: Int64
  let isRegular: Bool

  /// Nil when the open file has no status, with the reason in `errno`.
  init?(_ file: Int32) {
    var status = stat()
    guard fstat(file, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Nil when there is no such file, or none that can be reached.
  package init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
    isRegular = status.st_mode & S_IFMT == S_IFREG
  }

  /// Reads the form that `description` writes.
  init?(_ fields: [Substring]) {
    guard fields.count == 5, let device = UInt64(fields[0]), let inode = UInt64(fields[1]), let size = Int64(fields[2]),
      let modified = Int64(fields[3]), let changed = Int64(fields[4])
    else { return nil }
    self.device = device
    self.inode = inode
    self.size = size
    self.modified = modified
    self.changed = changed
    isRegular = true
  }

  package var description: String { "\(device) \(inode) \(size) \(modified) \(changed)" }

  /// Whether the last change is long enough ago that another one would show in the time stamps of any file system.
  var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Self.nanoseconds(now) &- Swift.max(modified, changed) > 2_000_000_000
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}
