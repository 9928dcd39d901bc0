/// The orientation in Exif data: a TIFF file of one directory (TIFF 6.0, section 2; Exif 2.32, 4.6).
package enum Exif {
  private static let orientationTag = 274
  private static let prefix = Array("Exif\0\0".utf8)

  /// What the entry says, 0 when it is no number; nil when there is no such entry, or none that can be read.
  ///
  /// Up to two prefixes `Exif 0 0` may stand before the data. The first entry of a tag counts, and reading ends where the
  /// data of any entry is cut off.
  package static func orientation(in data: ArraySlice<UInt8>) -> Int? {
    var data = data
    for _ in 0..<2 where data.starts(with: prefix) { data = data.dropFirst(prefix.count) }
    guard let file = TIFF(data), let start = file.integer(at: 4, size: 4),
      let count = file.integer(at: start, size: 2)
    else { return nil }
    var seen: Set<Int> = []
    var bytesElsewhere = 0
    for index in 0..<count {
      let entry = start + 2 + 12 * index
      guard let tag = file.integer(at: entry, size: 2), let type = file.integer(at: entry + 2, size: 2),
        let values = file.integer(at: entry + 4, size: 4), let place = file.integer(at: entry + 8, size: 4)
      else { return nil }
      guard let kind = TIFF.Kind(rawValue: type), !seen.contains(tag) else { continue }
      let size = values * kind.size
      var at = entry + 8
      if size > 4 {
        bytesElsewhere += size
        if bytesElsewhere > data.count { continue }
        if place + size > data.count { return nil }
        at = place
      }
      if size > 0 { seen.insert(tag) }
      if tag == orientationTag, size > 0 { return file.number(at: at, kind).flatMap { Int(exactly: $0) } ?? 0 }
    }
    return nil
  }

  /// As `orientation(in:)`, from ImageMagick's form of a profile as text: a blank line, a name, a length, then hexadecimal
  /// digits on lines of their own.
  package static func orientation(inProfile text: ArraySlice<UInt8>) -> Int? {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropFirst(3)
    var data: [UInt8] = []
    var digits = lines.joined().makeIterator()
    while let digit = digits.next() {
      if digit == UInt8(ascii: " ") || 9...13 ~= digit { continue }
      guard let low = digits.next(), let high = value(digit), let low = value(low) else { return nil }
      data.append(high << 4 | low)
    }
    return orientation(in: data[...])
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    Character(UnicodeScalar(digit)).hexDigitValue.map { UInt8($0) }
  }
}

/// Numbers in a TIFF file.
private struct TIFF {
  /// What an entry holds (TIFF 6.0, page 15; 13 is a directory's offset, 16 of BigTIFF).
  enum Kind: Int {
    case byte = 1
    case ascii, short, long, rational, signedByte, undefined, signedShort, signedLong, signedRational, float, double,
      ifd
    case long8 = 16

    var size: Int {
      switch self {
      case .byte, .ascii, .signedByte, .undefined: 1
      case .short, .signedShort: 2
      case .long, .signedLong, .float, .ifd: 4
      case .rational, .signedRational, .double, .long8: 8
      }
    }
  }

  private let data: ArraySlice<UInt8>
  private let isLittleEndian: Bool

  /// Nil without a TIFF file's header, of which some programs write the number in the other order.
  init?(_ data: ArraySlice<UInt8>) {
    guard data.count >= 8 else { return nil }
    switch Array(data.prefix(4)) {
    case Array("II*\0".utf8), Array("II\0*".utf8): isLittleEndian = true
    case Array("MM\0*".utf8), Array("MM*\0".utf8), Array("MM\0+".utf8): isLittleEndian = false
    default: return nil
    }
    self.data = data
  }

  /// An unsigned number of up to 4 bytes; nil when it is not all there.
  func integer(at place: Int, size: Int) -> Int? { bits(at: place, size: size).map { Int($0) } }

  /// The number that an entry begins with; nil when it is a text, bytes, or a fraction of 0.
  func number(at place: Int, _ kind: Kind) -> Double? {
    guard let bits = bits(at: place, size: kind.size) else { return nil }
    switch kind {
    case .byte, .ascii, .undefined: return nil
    case .short, .long, .ifd, .long8: return Double(bits)
    case .signedByte: return Double(Int8(truncatingIfNeeded: bits))
    case .signedShort: return Double(Int16(truncatingIfNeeded: bits))
    case .signedLong: return Double(Int32(truncatingIfNeeded: bits))
    case .float: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .double: return Double(bitPattern: bits)
    case .rational, .signedRational:
      guard let top = self.bits(at: place, size: 4), let bottom = self.bits(at: place + 4, size: 4), bottom != 0 else {
        return nil
      }
      if kind == .rational { return Double(top) / Double(bottom) }
      return Double(Int32(truncatingIfNeeded: top)) / Double(Int32(truncatingIfNeeded: bottom))
    }
  }

  private func bits(at place: Int, size: Int) -> UInt64? {
    guard place >= 0, place + size <= data.count else { return nil }
    let bytes = data.dropFirst(place).prefix(size)
    return isLittleEndian
      ? bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } : bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// The orientation in XMP data (Adobe, XMP specification part 2, 3.5), as an attribute or an element.
package enum XMP {
  /// The digit after the first `tiff:Orientation="` or `tiff:Orientation>` that one follows; nil when there is none.
  package static func orientation(in text: [UInt8]) -> Int? {
    let name = Array("tiff:Orientation".utf8)
    var rest = text[...]
    while let start = rest.firstRange(of: name) {
      rest = rest[start.upperBound...]
      for opening in [Array("=\"".utf8), Array(">".utf8)] where rest.starts(with: opening) {
        if let digit = rest.dropFirst(opening.count).first, 48...57 ~= digit { return Int(digit) - 48 }
      }
    }
    return nil
  }
}
