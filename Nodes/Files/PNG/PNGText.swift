import CPNG

/// A text in a PNG file: a chunk of type tEXt, zTXt or iTXt (PNG specification, third edition, 11.3.3).
struct PNGText {
  /// Nil for Latin-1.
  let text: [UInt8]
  /// Whether the text, and what is said of it, is sound UTF-8; true of Latin-1.
  let isValid: Bool

  static let types: Set = ["tEXt", "zTXt", "iTXt"]
  /// Bytes that a keyword has at most.
  static let longestKeyword = 79
  /// Larger chunks of other programs are passed over.
  static let longestChunk = 1 << 24
  /// Larger texts are not unpacked.
  private static let limit = 1 << 20

  /// The text of a chunk that is no iTXt.
  ///
  /// Some programs write UTF-8 there all the same.
  var latin1: String {
    String(validating: text, as: UTF8.self) ?? String(String.UnicodeScalarView(text.map { Unicode.Scalar($0) }))
  }

  /// Reads the text of a chunk of one of these types; nil when it is broken.
  init?(_ type: String, data: ArraySlice<UInt8>) {
    let fields = data.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let rest = fields.count > 1 ? fields[1] : []
    switch type {
    case "tEXt": (text, isValid) = (Array(rest), true)
    case "zTXt":
      guard rest.first ?? 0 == 0, let text = Self.unpacked(rest.dropFirst()) else { return nil }
      (self.text, isValid) = (text, true)
    default:
      // Flag and method of compression, language tag 0, translated keyword 0, text.
      guard rest.count >= 2, let flag = rest.first, let method = rest.dropFirst().first else { return nil }
      let fields = rest.dropFirst(2).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, flag == 0 || method == 0,
        let text = flag == 0 ? Array(fields[2]) : Self.unpacked(fields[2])
      else { return nil }
      self.text = text
      isValid = ([text[...]] + fields[..<2]).allSatisfy { String(validating: $0, as: UTF8.self) != nil }
    }
  }

  /// The keyword of a text chunk, which all three types begin with.
  static func keyword(of data: ArraySlice<UInt8>) -> String {
    String(decoding: data.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Unpacks what zlib packed, or as much as is there of it; nil when it is damaged or too large.
  private static func unpacked(_ packed: ArraySlice<UInt8>) -> [UInt8]? {
    var stream = z_stream()
    guard inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var packed = Array(packed)
    return packed.withUnsafeMutableBufferPointer { packed -> [UInt8]? in
      var isWhole = false
      let bytes = [UInt8](unsafeUninitializedCapacity: limit + 1) { bytes, count in
        stream.next_in = packed.baseAddress
        stream.avail_in = UInt32(packed.count)
        stream.next_out = bytes.baseAddress
        stream.avail_out = UInt32(bytes.count)
        isWhole = [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(inflate(&stream, Z_SYNC_FLUSH))
        count = bytes.count - Int(stream.avail_out)
      }
      return isWhole && bytes.count <= limit ? bytes : nil
    }
  }
}

extension PNGFile {
  /// The text stored under `keyword` in an iTXt chunk; nil when there is none.
  ///
  /// Throws `PNGError` or `FileError`.
  package func text(_ keyword: String) throws -> String? {
    for chunk in others where chunk.type == "iTXt" {
      guard try isSound(chunk) else {
        throw PNGError(message: "a damaged PNG file: a text chunk's checksum is wrong")
      }
      let data = try bytes.bytes(chunk.data)[...]
      if PNGText.keyword(of: data) == keyword, let text = PNGText("iTXt", data: data), text.isValid {
        return String(decoding: text.text, as: UTF8.self)
      }
    }
    return nil
  }

  /// The texts stored under these keywords in chunks of any type, the first of each.
  ///
  /// Throws `PNGError` or `FileError`.
  package func texts(_ keywords: Set<String>) throws -> [String: String] {
    var texts: [String: String] = [:]
    for chunk in others where PNGText.types.contains(chunk.type) {
      guard chunk.data.count <= PNGText.longestChunk else { continue }
      let data = try bytes.bytes(chunk.data)[...]
      let keyword = PNGText.keyword(of: data)
      guard keywords.contains(keyword), texts[keyword] == nil, let text = PNGText(chunk.type, data: data), text.isValid
      else { continue }
      texts[keyword] = chunk.type == "iTXt" ? String(decoding: text.text, as: UTF8.self) : text.latin1
    }
    return texts
  }

  /// The keywords of all text chunks.
  ///
  /// Throws `FileError`.
  func textKeywords() throws(FileError) -> Set<String> {
    var keywords: Set<String> = []
    for chunk in others where PNGText.types.contains(chunk.type) {
      keywords.insert(PNGText.keyword(of: try bytes.bytes(chunk.data.prefix(PNGText.longestKeyword + 1))[...]))
    }
    return keywords
  }
}
