/// The bytes of a file of tensors: mapped into memory, or lent by someone who keeps them.
package struct FileContent: @unchecked Sendable {
  package let bytes: UnsafeRawBufferPointer
  private let file: MappedFile?

  /// Maps the file at `path`.
  ///
  /// Throws when it is absent, unreadable or no regular file.
  package init(path: String) throws {
    let file = try MappedFile(path: path)
    (bytes, self.file) = (file.bytes, file)
  }

  /// Bytes that must outlive whoever reads them.
  package init(borrowing bytes: UnsafeRawBufferPointer) { (self.bytes, file) = (bytes, nil) }

  /// What keeps the bytes where they are; nil where that is the caller's duty.
  var owner: (any AnyObject & Sendable)? { file }

  /// Calls `body` with a range of a file as it is now, not as it is mapped: there, what it has lost ends the process.
  ///
  /// Throws when the file has become shorter.
  func readAnew<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    guard let file else { return try body(UnsafeRawBufferPointer(rebasing: bytes[range])) }
    return try file.read(range).withUnsafeBytes(body)
  }

  /// Gives back the memory that holds a range of a mapped file; reading it again fetches it.
  func release(_ range: Range<Int>) { file?.release(range) }
}
