import Diagnostics

/// One piece of a PNG file (PNG specification, third edition, 5.3).
struct PNGChunk {
  let type: String
  /// Where its data is in the file.
  let data: Range<Int>
  let isAfterPixels: Bool

  /// Length, type, data and checksum.
  var whole: Range<Int> { data.lowerBound - 8..<data.upperBound + 4 }
}

/// Where everything is in a PNG file; nothing is decoded yet.
package struct PNGFile {
  let bytes: ByteSource
  /// What the pixels are made from: signature, header, palette, pixels and end.
  ///
  /// The rest would make libpng convert colours, or say how clear they are: samples are read as they are stored, as
  /// diffusers' `load_image` reads them.
  private(set) var picture: [Range<Int>] = []
  /// Bytes of compressed pixels.
  private(set) var pixelBytes = 0
  /// All other chunks, in the order of the file.
  private(set) var others: [PNGChunk] = []

  private static let pictureTypes: Set<String> = ["IHDR", "PLTE", "IDAT", "IEND"]

  /// Finds the chunks of a file.
  ///
  /// Throws `PNGError` or `FileError`.
  package init(_ bytes: ByteSource) throws {
    self.bytes = bytes
    guard try bytes.bytes(0..<min(8, bytes.count)) == PNG.signature else {
      let nature = try FileNature.describe(beginning: bytes.bytes(0..<min(FileNature.beginning, bytes.count)))
      throw PNGError(message: "not a PNG file" + (nature.map { ": it is \($0)" } ?? ""))
    }
    picture = [0..<8]
    var offset = 8
    while bytes.count - offset >= 12 {
      let head = try bytes.bytes(offset..<offset + 8)
      let type = head[4...]
      // What some programs append after the pixels is none of the picture's.
      if pixelBytes > 0, !type.allSatisfy(Self.isWord) { break }
      let length = head[..<4].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - offset - 12 else {
        throw PNGError(message: "a damaged PNG file: it is cut off within a chunk")
      }
      let chunk = PNGChunk(
        type: String(decoding: type, as: UTF8.self), data: offset + 8..<offset + 8 + length,
        isAfterPixels: pixelBytes > 0)
      add(chunk)
      if chunk.type == "IEND" { break }
      offset = chunk.whole.upperBound
    }
  }

  private mutating func add(_ chunk: PNGChunk) {
    guard Self.pictureTypes.contains(chunk.type) else { return others.append(chunk) }
    if chunk.type == "IDAT" { pixelBytes += chunk.data.count }
    // Files may be cut into millions of chunks.
    if let last = picture.last, last.upperBound == chunk.whole.lowerBound {
      picture[picture.count - 1] = last.lowerBound..<chunk.whole.upperBound
    } else {
      picture.append(chunk.whole)
    }
  }

  /// Whether the picture says how opaque it is: in an alpha channel, or by a tRNS chunk (11.3.1.1).
  var hasAlpha: Bool {
    get throws {
      guard bytes.count > 25 else { return false }
      // The colour type follows signature, length, type, width, height and depth.
      let colour = try bytes.bytes(25..<26)[0]
      return colour & 4 != 0 || transparency != nil
    }
  }

  private var transparency: PNGChunk? { others.first { $0.type == "tRNS" && !$0.isAfterPixels } }

  /// As `picture`, with the chunk that says how opaque colours are.
  var pictureWithTransparency: [Range<Int>] {
    guard let chunk = transparency else { return picture }
    let place = picture.firstIndex { $0.lowerBound > chunk.whole.lowerBound } ?? picture.count
    return Array(picture[..<place]) + [chunk.whole] + Array(picture[place...])
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }

  /// Whether a chunk's checksum is that of its type and data.
  func isSound(_ chunk: PNGChunk) throws -> Bool {
    let whole = try bytes.bytes(chunk.whole)
    return PNG.checksum(of: whole.dropFirst(4).dropLast(4)) == whole.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }
}
