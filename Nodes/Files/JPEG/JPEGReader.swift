import CJPEGReader

/// What is wrong with a JPEG file, in words for the user.
package struct JPEGError: Error, Sendable {
  package let message: String
}

/// Pictures in JPEG files (ITU-T T.81), as libjpeg-turbo decodes them and Pillow shows them.
enum JPEG {
  /// Start of image, and the beginning of the next marker.
  static let signature: [UInt8] = [0xFF, 0xD8, 0xFF]
}

/// Decodes a JPEG file, sequential or progressive, grey, colour or CMYK, as 8-bit RGB, rows from the top, as they are stored.
package final class JPEGReader: PictureRows {
  package let width: Int
  package let height: Int
  /// How the stored picture is turned to be looked at: by Exif or, where that says nothing, XMP.
  package let orientation: PictureOrientation
  let channels = 3
  let isInterlaced = false
  private let reader: OpaquePointer
  private let source: Source

  /// Blocks that a byte can hold: Huffman's codes take at least a bit for each, arithmetic ones little of one.
  private static func mostBlocksInByte(isArithmetic: Bool) -> UInt64 { isArithmetic ? 128 : 8 }

  /// Reads up to the pixels.
  ///
  /// Throws `JPEGError` or `FileError`.
  package init(_ bytes: ByteSource) throws {
    source = Source(bytes)
    let made = jpeg_reader_make(
      { context, bytes, count in
        guard let context, let bytes else { return 0 }
        return Unmanaged<Source>.fromOpaque(context).takeUnretainedValue().next(.init(start: bytes, count: count))
      }, Unmanaged.passUnretained(source).toOpaque())
    guard let made else { throw JPEGError(message: "there is no memory to read it") }
    reader = made
    var size = jpeg_reader_size()
    let isBegun = jpeg_reader_begin(
      made,
      { context, bytes, count in
        guard let context, let bytes else { return }
        let segment = Array(UnsafeBufferPointer(start: bytes, count: count))
        Unmanaged<Source>.fromOpaque(context).takeUnretainedValue().segments.append(segment)
      }, &size)
    (width, height) = (Int(size.width), Int(size.height))
    orientation = Self.orientation(in: source.segments)
    source.segments = []
    guard isBegun else { throw failure }
    guard (1...PNG.largestSide).contains(width), (1...PNG.largestSide).contains(height) else {
      throw JPEGError(message: "a picture of \(width)x\(height) pixels, more than \(PNG.largestSide) a side")
    }
    // Before memory is set aside for a picture that cannot be there: of a progressive one, all coefficients.
    let most = UInt64(bytes.count) * Self.mostBlocksInByte(isArithmetic: size.is_arithmetic)
    guard size.blocks <= most else {
      throw JPEGError(message: "a damaged JPEG file: its \(bytes.count) bytes are too few for \(width)x\(height)")
    }
  }

  deinit { jpeg_reader_free(reader) }

  /// Reads the next rows, `count` times `width` times 3 bytes.
  ///
  /// Throws `JPEGError` or `FileError`.
  package func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws {
    guard jpeg_reader_read(reader, rows, UInt32(count)) else { throw failure }
  }

  private var failure: any Error {
    source.failure ?? JPEGError(message: "a damaged JPEG file: \(String(cString: jpeg_reader_message(reader)))")
  }

  /// As `PIL.ImageOps.exif_transpose` of Pillow 13: Exif data may go over several segments.
  private static func orientation(in segments: [[UInt8]]) -> PictureOrientation {
    let (exif, xmp) = (Array("Exif\0\0".utf8), Array("http://ns.adobe.com/xap/1.0/\0".utf8))
    let parts = segments.filter { $0.starts(with: exif) }
    let joined = parts.dropFirst().reduce(parts.first ?? []) { $0 + $1.dropFirst(exif.count) }
    let stated =
      (joined.isEmpty ? nil : Exif.orientation(in: joined[...]))
      ?? segments.last { $0.starts(with: xmp) }.flatMap { XMP.orientation(in: Array($0.dropFirst(xmp.count))) }
    return stated.flatMap { PictureOrientation(rawValue: $0) } ?? .upright
  }

  /// The bytes of the file, one after the other, and the segments that were found in it.
  private final class Source {
    var segments: [[UInt8]] = []
    private let bytes: ByteSource
    private var offset = 0
    private(set) var failure: FileError?

    init(_ bytes: ByteSource) { self.bytes = bytes }

    /// Gives the next bytes, fewer than there is room for only at the end or after a failure.
    func next(_ target: UnsafeMutableRawBufferPointer) -> Int {
      guard failure == nil else { return 0 }
      do throws(FileError) {
        let count = try bytes.read(at: offset, into: target)
        offset += count
        return count
      } catch {
        failure = error
        return 0
      }
    }
  }
}
