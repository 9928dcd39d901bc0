import Diagnostics
import Glibc

/// A file mapped read-only into memory for as long as the object lives.
final class MappedFile: Sendable {
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let path: String
  private let descriptor: Int32

  /// Throws when `path` is absent, unreadable or no regular file.
  init(path: String) throws {
    self.path = path
    // Without O_NONBLOCK a pipe would wait for a writer.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let reason = describe(errno)
      let link = FileNature.describe(linkAt: path).map { "; it is \($0)" } ?? ""
      throw WeightFileError("\(path): cannot be opened: \(reason)\(link)")
    }
    _ = Self.endsWhereAFileLosesItsEnd
    do {
      bytes = try Self.map(descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit {
    if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
    close(descriptor)
  }

  private static func map(_ descriptor: Int32, path: String) throws -> UnsafeRawBufferPointer {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw WeightFileError("\(path): cannot be read: \(describe(errno))") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw WeightFileError("\(path): is no regular file") }
    let count = Int(status.st_size)
    if count == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
    guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
      throw WeightFileError("\(path): cannot be mapped into memory: \(describe(errno))")
    }
    return UnsafeRawBufferPointer(start: address, count: count)
  }

  /// Reading what a mapped file has lost since makes the system end the process: it should say why.
  private static let endsWhereAFileLosesItsEnd: Void = {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in
      let message: StaticString = "error: a model's file has become shorter while it was in use\n"
      write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
      _exit(1)
    }
    sigaction(SIGBUS, &action, nil)
  }()

  /// Reads `range` from the file as it is now, not from the mapping: there, what the file has lost ends the process.
  func read(_ range: Range<Int>) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let part = pread(
          descriptor, buffer.baseAddress.map { $0 + count }, range.count - count, off_t(range.lowerBound + count))
        if part < 0 && errno == EINTR { continue }
        guard part >= 0 else { throw WeightFileError("\(path): cannot be read: \(describe(errno))") }
        guard part > 0 else { throw WeightFileError("\(path): has become shorter while it was in use") }
        count += part
      }
    }
  }

  /// Gives the memory of the pages wholly inside `range` back; reading them again fetches them from the file.
  func release(_ range: Range<Int>) {
    guard let base = bytes.baseAddress else { return }
    let page = Int(getpagesize())
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound == bytes.count ? range.upperBound : range.upperBound / page * page
    if first < end { madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED) }
  }
}

/// The system's words for an error number.
func describe(_ code: Int32) -> String { String(cString: strerror(code)) }
