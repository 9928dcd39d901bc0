import Glibc

/// Bytes to be read at any place: an array's, or a file's, of which only a piece is in memory.
package final class ByteSource {
  package let count: Int
  private let path: String
  /// Negative for an array, which is one piece.
  private let descriptor: Int32
  private var piece: [UInt8]
  private var pieceStart = 0

  private static let pieceSize = 1 << 16

  package init(_ bytes: [UInt8]) {
    (count, path, descriptor, piece) = (bytes.count, "", -1, bytes)
  }

  /// Opens a regular file.
  package init(path: String) throws(FileError) {
    let file = try WholeFile.open(path)
    (count, self.path, descriptor, piece) = (file.size, path, file.descriptor, [])
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Copies the bytes from `offset` on to `target` and gives how many there were, up to its size.
  func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var done = 0
    while done < target.count {
      let place = offset + done - pieceStart
      guard piece.indices.contains(place) else {
        guard try load(from: offset + done) else { break }
        continue
      }
      let part = piece[place..<min(piece.count, place + target.count - done)]
      UnsafeMutableRawBufferPointer(rebasing: target[done...]).copyBytes(from: part)
      done += part.count
    }
    return done
  }

  /// The bytes of a range, which must lie within the source.
  func bytes(_ range: Range<Int>) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    var failure: FileError?
    let count = bytes.withUnsafeMutableBytes { buffer in
      do throws(FileError) {
        return try read(at: range.lowerBound, into: buffer)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    guard count == range.count else { throw FileError(message: "'\(path)' has become shorter while it was read") }
    return bytes
  }

  /// Takes a piece of the file into memory; false at its end.
  private func load(from offset: Int) throws(FileError) -> Bool {
    guard descriptor >= 0, offset < count else { return false }
    let size = min(Self.pieceSize, count - offset)
    if piece.count != Self.pieceSize { piece = [UInt8](repeating: 0, count: Self.pieceSize) }
    while true {
      let got = pread(descriptor, &piece, size, off_t(offset))
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else {
        throw FileError(message: "'\(path)' cannot be read: \(String(cString: strerror(errno)))")
      }
      piece.removeSubrange(got...)
      pieceStart = offset
      return got > 0
    }
  }
}
