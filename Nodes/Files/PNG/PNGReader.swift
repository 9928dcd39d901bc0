import CPNGReader

/// Decodes a PNG file of any colour type, depth and interlacing as 8-bit RGB or, if asked for and there is alpha, RGBA, rows
/// from the top, as they are stored.
package final class PNGReader: PictureRows {
  package let width: Int
  package let height: Int
  /// Whether all rows become known only together.
  let isInterlaced: Bool
  let channels: Int
  private let reader: OpaquePointer
  private let source: Source
  private let passes: Int

  /// Deflate packs no more bytes into one (RFC 1951: 258 in two bits, and a little).
  private static let largestRatio = 1032

  /// Reads up to the pixels.
  ///
  /// Throws `PNGError` or `FileError`.
  package init(_ file: PNGFile, keepsAlpha: Bool = false) throws {
    let hasAlpha = keepsAlpha ? try file.hasAlpha : false
    channels = hasAlpha ? 4 : 3
    source = Source(hasAlpha ? file.pictureWithTransparency : file.picture, of: file.bytes)
    let made = png_reader_make(
      { context, bytes, count in
        guard let context, let bytes else { return 0 }
        return Unmanaged<Source>.fromOpaque(context).takeUnretainedValue().next(.init(start: bytes, count: count))
      }, Unmanaged.passUnretained(source).toOpaque())
    guard let made else { throw PNGError(message: "there is no memory to read it") }
    reader = made
    var size = png_reader_size()
    let isBegun = png_reader_begin(made, hasAlpha, &size)
    (width, height, passes) = (Int(size.width), Int(size.height), Int(size.passes))
    isInterlaced = passes > 1
    guard isBegun else { throw failure }
    guard (1...PNG.largestSide).contains(width), (1...PNG.largestSide).contains(height) else {
      throw PNGError(message: "a picture of \(width)x\(height) pixels, more than \(PNG.largestSide) a side")
    }
    // Before memory is set aside for a picture that cannot be there.
    guard width * height / 8 * Int(size.stored_bits) <= file.pixelBytes * Self.largestRatio else {
      throw PNGError(
        message: "a damaged PNG file: its \(file.pixelBytes) bytes of pixels are too few for \(width)x\(height)")
    }
  }

  deinit { png_reader_free(reader) }

  /// Reads the next rows, `count` times `width` times `channels` bytes; of an interlaced picture all rows at once.
  ///
  /// Throws `PNGError` or `FileError`.
  package func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws {
    precondition(!isInterlaced || count == height)
    for _ in 0..<passes {
      guard png_reader_read(reader, rows, UInt32(count)) else { throw failure }
    }
  }

  private var failure: any Error {
    source.failure ?? PNGError(message: "a damaged PNG file: \(String(cString: png_reader_message(reader)))")
  }

  /// The bytes of a file that make up its picture, one after the other.
  private final class Source {
    private let bytes: ByteSource
    private var ranges: ArraySlice<Range<Int>>
    private(set) var failure: FileError?

    init(_ ranges: [Range<Int>], of bytes: ByteSource) { (self.bytes, self.ranges) = (bytes, ranges[...]) }

    /// Gives the next bytes, fewer than there is room for only at the end or after a failure.
    func next(_ target: UnsafeMutableRawBufferPointer) -> Int {
      var done = 0
      while done < target.count, failure == nil, let range = ranges.first {
        let room = target[done..<min(target.count, done + range.count)]
        do throws(FileError) {
          let count = try bytes.read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: room))
          done += count
          if count < room.count { break }
          ranges[ranges.startIndex] = range.lowerBound + count..<range.upperBound
          if ranges[ranges.startIndex].isEmpty { ranges.removeFirst() }
        } catch {
          failure = error
        }
      }
      return done
    }
  }
}

extension PNG {
  /// The pixels of a file as they are stored: height x width x 3 bytes, rows from the top.
  ///
  /// Throws `PNGError`.
  package static func decode(_ file: [UInt8]) throws -> (pixels: [UInt8], width: Int, height: Int) {
    let reader = try PNGReader(PNGFile(ByteSource(file)))
    var pixels = [UInt8](repeating: 0, count: reader.width * reader.height * 3)
    try pixels.withUnsafeMutableBufferPointer { pixels in
      if let start = pixels.baseAddress { try reader.read(reader.height, into: start) }
    }
    return (pixels, reader.width, reader.height)
  }
}
