import CPNG

/// What is wrong with a PNG file, in words for the user.
package struct PNGError: Error, Sendable {
  package let message: String
}

/// 8-bit RGB pictures in PNG files, with text chunks (PNG specification, third edition, 11.3.3.4).
package enum PNG {
  package static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  /// Larger pictures are refused before memory is set aside for them.
  static let largestSide = 16384

  /// The picture as a PNG file, with `texts` as uncompressed UTF-8 iTXt chunks.
  ///
  /// - Parameters:
  ///   - pixels: height x width x 3 bytes, rows from the top.
  ///   - others: texts for other programs, of which many read tEXt chunks alone; those that are ASCII are such.
  package static func encode(
    pixels: [UInt8], width: Int, height: Int, texts: [(keyword: String, text: String)] = [],
    others: [(keyword: String, text: String)] = []
  ) throws(PNGError) -> [UInt8] {
    precondition(pixels.count == width * height * 3)
    guard (1...largestSide).contains(width), (1...largestSide).contains(height) else {
      throw PNGError(message: "a picture of \(width)x\(height) pixels is outside 1 to \(largestSide) a side")
    }
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&image) }
    var size = png_alloc_size_t(0)
    guard png_image_write_to_memory(&image, nil, &size, 0, pixels, 0, nil) != 0 else {
      throw PNGError(message: "libpng could not encode the picture: \(message(of: image))")
    }
    var file = [UInt8](repeating: 0, count: size)
    guard png_image_write_to_memory(&image, &file, &size, 0, pixels, 0, nil) != 0 else {
      throw PNGError(message: "libpng could not encode the picture: \(message(of: image))")
    }
    file.removeSubrange(size...)
    // After the signature and IHDR (length, type, 13 bytes, CRC).
    let chunks =
      texts.map { textChunk(keyword: $0.keyword, text: $0.text, isPlain: false) }
      + others.map { textChunk(keyword: $0.keyword, text: $0.text, isPlain: $0.text.utf8.allSatisfy { $0 < 0x80 }) }
    file.insert(contentsOf: chunks.joined(), at: 8 + 4 + 4 + 13 + 4)
    return file
  }

  static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
  }

  /// A tEXt chunk, or an iTXt chunk.
  private static func textChunk(keyword: String, text: String, isPlain: Bool) -> [UInt8] {
    let data = Array(keyword.utf8) + (isPlain ? [0] : [0, 0, 0, 0, 0]) + Array(text.utf8)
    let typeAndData = Array((isPlain ? "tEXt" : "iTXt").utf8) + data
    return bigEndian(UInt32(data.count)) + typeAndData + bigEndian(checksum(of: typeAndData[...]))
  }

  private static func bigEndian(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
