import Glibc

/// Replaces the file at `path` by `bytes` in one step: written beside it, synced, then renamed.
func replaceFile(at path: String, with bytes: [UInt8]) throws {
  let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
  var temporary = Array((folder + ".stepgraph-XXXXXX").utf8CString)
  let descriptor = mkstemp(&temporary)
  guard descriptor >= 0 else { throw SafetensorsError("\(path): cannot be written: \(describe(errno))") }
  do {
    defer { close(descriptor) }
    try bytes.withUnsafeBytes { try writeAll($0, to: descriptor, path) }
    // mkstemp makes files private to the user; a result is as open as the user's umask leaves it.
    let mask = umask(0)
    umask(mask)
    guard fchmod(descriptor, 0o666 & ~mask) == 0, fsync(descriptor) == 0 else {
      throw SafetensorsError("\(path): cannot be written: \(describe(errno))")
    }
    guard rename(temporary, path) == 0 else {
      throw SafetensorsError("\(path): cannot be replaced: \(describe(errno))")
    }
  } catch {
    unlink(temporary)
    throw error
  }
  syncFolder(folder)
}

private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
    if written < 0 {
      if errno == EINTR { continue }
      throw SafetensorsError("\(path): cannot be written: \(describe(errno))")
    }
    rest = rest.dropFirst(written)
  }
}

/// Makes a rename last through a power cut.
///
/// Some file systems refuse it, and the file is whole either way.
private func syncFolder(_ folder: String) {
  let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  if descriptor < 0 { return }
  fsync(descriptor)
  close(descriptor)
}
