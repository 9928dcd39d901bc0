import CPNG

/// What is wrong with a PNG file, in words for the user.
package struct PNGError: Error, Sendable {
  package let message: String
}

/// 8-bit RGB pictures in PNG files, with text chunks (PNG specification, third edition, 11.3.3.4).
package enum PNG {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  /// Larger pictures are refused before memory is set aside for them.
  static let largestSide = 16384

  /// The picture as a PNG file, with `texts` as uncompressed UTF-8 iTXt chunks.
  ///
  /// - Parameter pixels: height x width x 3 bytes, rows from the top.
  package static func encode(
    pixels: [UInt8], width: Int, height: Int, texts: [(keyword: String, text: String)] = []
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
    file.insert(contentsOf: texts.flatMap { textChunk(keyword: $0.keyword, text: $0.text) }, at: 8 + 4 + 4 + 13 + 4)
    return file
  }

  /// Reads a PNG file of any colour type as 8-bit RGB.
  ///
  /// An alpha channel is dropped, as diffusers' `load_image` drops it.
  /// - Returns: height x width x 3 bytes, rows from the top.
  package static func decode(_ file: [UInt8]) throws(PNGError) -> (pixels: [UInt8], width: Int, height: Int) {
    let file = try withoutColourManagement(file)
    // libpng keeps the pointer from the first call to the last.
    return try file.withUnsafeBufferPointer { file throws(PNGError) in
      var image = png_image()
      image.version = png_uint_32(PNG_IMAGE_VERSION)
      defer { png_image_free(&image) }
      guard png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else {
        throw PNGError(message: "a damaged PNG file: \(message(of: image))")
      }
      // Else 16-bit samples are taken for linear light.
      image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
      let (width, height) = (Int(image.width), Int(image.height))
      guard (1...largestSide).contains(width), (1...largestSide).contains(height) else {
        throw PNGError(message: "a picture of \(width)x\(height) pixels, more than \(largestSide) a side")
      }
      // With alpha asked for, libpng leaves the colours as they are stored instead of blending them.
      image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
      var pixels = [UInt8](repeating: 0, count: width * height * 4)
      guard png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 else {
        throw PNGError(message: "a damaged PNG file: \(message(of: image))")
      }
      var colours = [UInt8]()
      colours.reserveCapacity(width * height * 3)
      for start in stride(from: 0, to: pixels.count, by: 4) { colours += pixels[start..<start + 3] }
      return (colours, width, height)
    }
  }

  /// The text stored under `keyword` in an uncompressed iTXt chunk; nil when there is none.
  package static func text(_ keyword: String, in file: [UInt8]) throws(PNGError) -> String? {
    for chunk in try chunks(of: file) where chunk.type == "iTXt" {
      let stored = file[chunk.whole].suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let typeAndData = file[chunk.whole].dropFirst(4).dropLast(4)
      guard checksum(of: typeAndData) == stored else {
        throw PNGError(message: "a damaged PNG file: a text chunk's checksum is wrong")
      }
      if let text = text(keyword, inChunk: typeAndData.dropFirst(4)) { return text }
    }
    return nil
  }

  /// The keywords of all text chunks, of which other programs' may be compressed.
  static func textKeywords(in file: [UInt8]) throws(PNGError) -> Set<String> {
    var keywords: Set<String> = []
    for chunk in try chunks(of: file) where ["tEXt", "zTXt", "iTXt"].contains(chunk.type) {
      keywords.insert(String(decoding: file[chunk.whole].dropFirst(8).prefix { $0 != 0 }, as: UTF8.self))
    }
    return keywords
  }

  /// The file without the chunks that make libpng convert colours: samples are read as they are stored, as PIL does.
  private static func withoutColourManagement(_ file: [UInt8]) throws(PNGError) -> [UInt8] {
    let needed: Set<String> = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]
    return try chunks(of: file).reduce(into: signature) { kept, chunk in
      if needed.contains(chunk.type) { kept += file[chunk.whole] }
    }
  }

  /// Where each chunk is: length, type, data and checksum.
  private static func chunks(of file: [UInt8]) throws(PNGError) -> [(type: String, whole: Range<Int>)] {
    guard file.starts(with: signature) else { throw PNGError(message: "not a PNG file") }
    var chunks: [(String, Range<Int>)] = []
    var offset = signature.count
    while file.count - offset >= 12 {
      let length = file[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= file.count - offset - 12 else {
        throw PNGError(message: "a damaged PNG file: a chunk is cut off")
      }
      let type = String(decoding: file[offset + 4..<offset + 8], as: UTF8.self)
      chunks.append((type, offset..<offset + 12 + length))
      // What some programs append after the end is none of the picture's.
      if type == "IEND" { break }
      offset += 12 + length
    }
    return chunks
  }

  private static func text(_ keyword: String, inChunk data: ArraySlice<UInt8>) -> String? {
    // keyword 0, compression flag and method, language tag 0, translated keyword 0, text
    let start = Array(keyword.utf8) + [0, 0, 0]
    guard data.starts(with: start) else { return nil }
    let fields = data.dropFirst(start.count).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    return fields.count == 3 ? String(validating: fields[2], as: UTF8.self) : nil
  }

  private static func textChunk(keyword: String, text: String) -> [UInt8] {
    let data = Array(keyword.utf8) + [0, 0, 0, 0, 0] + Array(text.utf8)
    let typeAndData = Array("iTXt".utf8) + data
    return bigEndian(UInt32(data.count)) + typeAndData + bigEndian(checksum(of: typeAndData[...]))
  }

  private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
  }

  private static func bigEndian(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
