import Diagnostics
import Glibc

extension SourceFile {
  /// Reads a UTF-8 text file; a byte order mark at its start is dropped.
  ///
  /// Throws one diagnostic, at `reference` where the file is named by another one, when the file can't be read, is
  /// larger than the limit, or is no UTF-8 text.
  package static func read(
    _ path: String, limits: YAMLLimits = YAMLLimits(), reference: SourceLocation? = nil
  ) throws(DiagnosticList) -> SourceFile {
    let bytes = try readBytes(path, atMost: limits.bytes, reference: reference)
    return try SourceFile(path: path, bytes: bytes, reference: reference)
  }

  /// Throws one diagnostic when `bytes` is no UTF-8 text.
  package convenience init(
    path: String, bytes: [UInt8], base: String? = nil, reference: SourceLocation? = nil
  ) throws(DiagnosticList) {
    let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    guard let text = String(validating: body, as: UTF8.self) else {
      let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
      throw DiagnosticList([
        Diagnostic(
          "'\(path)' is not UTF-8 text", at: reference,
          notes: isUTF16 ? ["it looks like UTF-16: save it as UTF-8"] : [])
      ])
    }
    self.init(path: path, text: text, base: base)
  }

  private static func readBytes(
    _ path: String, atMost limit: Int, reference: SourceLocation?
  ) throws(DiagnosticList) -> [UInt8] {
    func failure(_ message: String) -> DiagnosticList { DiagnosticList([Diagnostic(message, at: reference)]) }
    // Without O_NONBLOCK a pipe would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure("cannot read '\(path)': \(reason(errno))") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count <= limit {
      let result = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count)
      }
      if result < 0, errno == EINTR { continue }
      if result < 0 { throw failure("cannot read '\(path)': \(reason(errno))") }
      if result == 0 { break }
      count += result
    }
    guard count <= limit else {
      throw failure("'\(path)' is larger than \(limit) bytes, the limit for a workflow file")
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  private static func reason(_ code: Int32) -> String {
    switch code {
    case ENOENT, ENOTDIR: "there is no such file"
    case EISDIR: "it is a folder"
    case EACCES, EPERM: "permission denied"
    default: String(cString: strerror(code))
    }
  }
}
