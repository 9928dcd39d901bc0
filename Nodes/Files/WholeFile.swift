import Diagnostics
import Glibc

/// Why a file was not read or not written, in words for the user.
package struct FileError: Error, Sendable {
  package let message: String
}

/// Files that a user names: read and written whole, or not at all.
package enum WholeFile {
  /// What may be replaced by what.
  package enum Kind: String, Sendable {
    case png = "PNG"
    case safetensors
    case workflow
    case events = "event"
    case lock
    case svg = "SVG"
    case dot = "DOT"
    case prompt = "ComfyUI"
    case junit = "JUnit"
    /// Any text: for what was read as YAML before.
    case yaml = "YAML"

    /// Whether a file that begins with `start` is of this kind.
    func describes(_ start: [UInt8]) -> Bool {
      switch self {
      case .png: start.starts(with: PNG.signature)
      // The header's length as a little-endian u64, then JSON.
      case .safetensors: start.count > 8 && start[5...7].allSatisfy { $0 == 0 } && start[8] == UInt8(ascii: "{")
      case .svg: start.starts(with: Array("<svg ".utf8))
      case .dot: start.starts(with: Array("digraph ".utf8))
      case .lock: start.starts(with: Array("{\n  \"files\" :".utf8))
      case .prompt: start.starts(with: Array("{\n  \"1\": {\n    \"class_type\"".utf8))
      case .events: start.starts(with: Array("{\"event\"".utf8))
      case .junit: start.starts(with: Array("<?xml ".utf8))
      case .yaml: !start.contains(0)
      // A NUL never stands in YAML, and a picture has the same words in a text chunk.
      case .workflow:
        !start.contains(0)
          && String(decoding: start, as: UTF8.self).split(whereSeparator: \.isNewline)
            .contains { $0.hasPrefix("stepgraph:") }
      }
    }
  }

  /// Opens a regular file to be read.
  static func open(_ path: String) throws(FileError) -> (descriptor: Int32, size: Int) {
    // Opening a pipe would wait for a writer, and a device never ends.
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let reason = systemMessage()
      let link = FileNature.describe(linkAt: path).map { "; it is \($0)" } ?? ""
      throw FileError(message: "'\(path)' cannot be read: \(reason)\(link)")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError(message: "'\(path)' is no regular file")
    }
    return (descriptor, Int(status.st_size))
  }

  /// A regular file's bytes, at most `limit` of them.
  package static func read(_ path: String, limit: Int = .max) throws(FileError) -> [UInt8] {
    let descriptor = try open(path).descriptor
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      let count = Glibc.read(descriptor, &buffer, min(buffer.count, limit - bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError(message: "'\(path)' cannot be read: \(systemMessage())") }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    return bytes
  }

  /// Writes `bytes` to `path`, or to where a link there leads: beside it, synced, then renamed.
  ///
  /// Missing folders are created, but for a link's target. An existing file is replaced only when it is of the kind written,
  /// so that a slip in a workflow destroys nothing; its mode stays, and its owner where that is allowed.
  ///
  /// - Parameter replaces: whether an existing file is replaced at all.
  /// - Returns: whether it was written, which it always is when it `replaces`.
  @discardableResult
  package static func write(
    _ bytes: [UInt8], to path: String, kind: Kind, replaces: Bool = true
  ) throws(FileError) -> Bool {
    if path.isEmpty || path.hasSuffix("/") { throw FileError(message: "'\(path)' names no file") }
    try createFolders(LinkedPath.folder(of: path))
    let place = try LinkedPath.target(of: path)
    var status = stat()
    let exists = stat(place, &status) == 0
    if exists {
      guard replaces else { return false }
      if status.st_mode & S_IFMT == S_IFDIR { throw FileError(message: "'\(path)' is a folder; a file was expected") }
      let start = try read(path, limit: 4096)
      guard start.isEmpty || kind.describes(start) else {
        throw FileError(message: "'\(path)' exists and is no \(kind.rawValue) file; it is left as it is")
      }
      // As good as written: a flush alone would take longer than all else of a run that finds everything in the cache.
      if status.st_size == bytes.count, try read(path) == bytes, utimensat(AT_FDCWD, path, nil, 0) == 0 { return true }
    }
    let (temporary, descriptor) = try create(beside: place, mode: exists ? 0o600 : 0o666, for: path)
    if exists { keepOwnerAndMode(status, of: descriptor) }
    let isWritten = write(bytes, to: descriptor) && fsync(descriptor) == 0
    let reason = systemMessage()
    close(descriptor)
    if isWritten, replaces ? rename(temporary, place) == 0 : renameAnew(temporary, place) { return true }
    let isTaken = isWritten && !replaces && errno == EEXIST
    let message = isWritten ? systemMessage() : reason
    unlink(temporary)
    guard isTaken else { throw FileError(message: "'\(path)' cannot be written: \(message)") }
    return false
  }

  /// Gives a file a name that no other has, even where another process takes names at the same moment.
  private static func renameAnew(_ temporary: String, _ place: String) -> Bool {
    if link(temporary, place) == 0 {
      unlink(temporary)
      return true
    }
    // Some file systems have no links.
    return [EPERM, ENOTSUP].contains(errno) && access(place, F_OK) != 0 && rename(temporary, place) == 0
  }

  /// The one name of the file that `write` would write, whatever links lead there; makes its folders, as `write` does.
  package static func place(of path: String) throws(FileError) -> String {
    try createFolders(LinkedPath.folder(of: path))
    let place = try LinkedPath.target(of: path)
    let folder = LinkedPath.folder(of: place)
    guard let real = realpath(folder.isEmpty ? "." : folder, nil) else { return place }
    defer { free(real) }
    return String(cString: real) + "/" + place.dropFirst(folder.count)
  }

  /// Makes a file of a name of its own in the folder of `place`; of `mode` the kernel takes away what the user's umask says.
  private static func create(
    beside place: String, mode: mode_t, for path: String
  ) throws(FileError) -> (path: String, descriptor: Int32) {
    while true {
      let temporary =
        "\(LinkedPath.folder(of: place)).stepgraph-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
      let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      if descriptor >= 0 { return (temporary, descriptor) }
      if errno == EEXIST || errno == EINTR { continue }
      throw FileError(message: "'\(path)' cannot be written: \(systemMessage())")
    }
  }

  /// Gives a file that replaces another one its owner, group and mode; where the owner may not be set the group may be.
  private static func keepOwnerAndMode(_ status: stat, of descriptor: Int32) {
    if fchown(descriptor, status.st_uid, status.st_gid) != 0 { _ = fchown(descriptor, uid_t.max, status.st_gid) }
    // After the owner, whose change takes bits away.
    fchmod(descriptor, status.st_mode & 0o7777)
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written < 0, errno == EINTR { continue }
        guard written >= 0 else { return false }
        rest = rest.dropFirst(written)
      }
      return true
    }
  }

  /// `folder` ends in a slash, or is empty.
  private static func createFolders(_ folder: String) throws(FileError) {
    let name = String(folder.dropLast())
    var status = stat()
    if name.isEmpty || stat(name, &status) == 0 {
      guard name.isEmpty || status.st_mode & S_IFMT == S_IFDIR else {
        throw FileError(message: "'\(name)' is a file; a folder was expected")
      }
      return
    }
    if let slash = name.lastIndex(of: "/") { try createFolders(String(name[...slash])) }
    guard mkdir(name, 0o777) == 0 || errno == EEXIST else {
      throw FileError(message: "the folder '\(name)' cannot be created: \(systemMessage())")
    }
  }

  static func systemMessage() -> String { String(cString: strerror(errno)) }
}
