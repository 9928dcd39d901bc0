import Glibc

/// What a file is by its first bytes, for a message about one that was taken for something else.
///
/// Downloads that went wrong leave such files: pointers that stand for large files, error pages of servers, archives that
/// were not unpacked.
package enum FileNature {
  /// So many bytes from the beginning of a file tell enough.
  package static let beginning = 1024

  /// What the file is, to follow "it is"; nil when nothing is known of such a beginning.
  package static func describe(beginning start: some Sequence<UInt8>) -> String? {
    let start = Array(start.prefix(beginning))
    if start.isEmpty { return "empty" }
    return pointer(start) ?? container(start) ?? markup(start) ?? text(start)
  }

  /// What stands at a path that cannot be opened as it is a link to nothing, to follow "it is"; nil where none does.
  package static func describe(linkAt path: String) -> String? {
    var status = stat()
    guard stat(path, &status) != 0 else { return nil }
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &target, target.count)
    guard count > 0 else { return nil }
    let text = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let annexed = isAnnexed(text) ? ", as git-annex has not fetched the file; 'git annex get' fetches it" : ""
    return "a link to '\(text)', which is not there\(annexed)"
  }

  // MARK: Pointers

  private static func pointer(_ start: [UInt8]) -> String? {
    let lines = String(decoding: start, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard let first = lines.first else { return nil }
    if first.hasPrefix("version https://git-lfs.github.com/") || first.hasPrefix("version https://hawser.github.com/") {
      let size = lines.lazy.compactMap { $0.hasPrefix("size ") ? UInt64($0.dropFirst(5)) : nil }.first
      let what = size.map { "a file of \($0) bytes" } ?? "a file"
      return "a Git LFS pointer to \(what) that was not fetched; 'git lfs pull' fetches it"
    }
    return isAnnexed(first) ? "a git-annex pointer to a file that was not fetched; 'git annex get' fetches it" : nil
  }

  /// git-annex, internals: pointers begin with `/annex/objects/`, links lead below `.git/annex/objects/`.
  private static func isAnnexed(_ text: some StringProtocol) -> Bool {
    text.hasPrefix("/annex/objects/") || text.contains(".git/annex/objects/")
  }

  // MARK: Binary files

  private static let signatures: [(bytes: [UInt8], name: String)] = [
    ([0x50, 0x4B, 5, 6], "an empty zip archive"), ([0x1F, 0x8B], "compressed with gzip"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "compressed with xz"), ([0x28, 0xB5, 0x2F, 0xFD], "compressed with Zstandard"),
    ([0x42, 0x5A, 0x68], "compressed with bzip2"), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive"),
    ([0x52, 0x61, 0x72, 0x21, 0x1A, 7], "a RAR archive"),
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "a PNG picture"), ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
    (Array("GIF8".utf8), "a GIF picture"), (Array("II*\0".utf8), "a TIFF picture"),
    (Array("MM\0*".utf8), "a TIFF picture"), ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A], "an HDF5 file"),
    (Array("GGUF".utf8), "a GGUF file"), ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
    (Array("%PDF-".utf8), "a PDF document"),
  ]

  private static func container(_ start: [UInt8]) -> String? {
    func has(_ bytes: String, at place: Int) -> Bool { start.dropFirst(place).starts(with: bytes.utf8) }
    // A local file header: the name's length at byte 26, the name at byte 30. PyTorch puts its pickle first.
    if start.starts(with: [0x50, 0x4B, 3, 4]) {
      let name = start.count > 30 ? start.dropFirst(30).prefix(Int(start[26]) | Int(start[27]) << 8) : []
      let isTorch = String(decoding: name, as: UTF8.self).hasSuffix("data.pkl")
      return isTorch ? "a checkpoint of PyTorch, which can run code; convert it to safetensors" : "a zip archive"
    }
    // The protocol's number, then an opcode: of protocol 4 a frame, of a checkpoint from before PyTorch 1.6 its long number.
    if start.count > 2, start[0] == 0x80, (2...5).contains(start[1]) {
      return "pickled Python data, which can run code; convert it to safetensors"
    }
    if has("ftypavif", at: 4) { return "an AVIF picture" }
    if ["ftypheic", "ftypheix", "ftypmif1"].contains(where: { has($0, at: 4) }) { return "a HEIF picture" }
    if has("RIFF", at: 0), has("WEBP", at: 8) { return "a WebP picture" }
    if has("ustar", at: 257) { return "a tar archive" }
    // The header's length as a little-endian u64, then JSON.
    if start.count > 8, start[5...7].allSatisfy({ $0 == 0 }), has("{\"", at: 8) { return "a safetensors file" }
    return signatures.first { start.starts(with: $0.bytes) }?.name
  }

  // MARK: Text

  private static func markup(_ start: [UInt8]) -> String? {
    let text = String(decoding: start, as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    let lower = text.lowercased()
    if ["<!doctype html", "<html", "<head", "<body"].contains(where: lower.hasPrefix) {
      let title = text.firstRange(of: "<title>").flatMap { opening in
        text[opening.upperBound...].firstRange(of: "</title>").map { text[opening.upperBound..<$0.lowerBound] }
      }
      let shown = title.flatMap(excerpt).map { " titled '\($0)'" } ?? ""
      return "an HTML page\(shown), perhaps a server's error message"
    }
    if lower.hasPrefix("<?xml") || lower.hasPrefix("<error") {
      return "an XML document, perhaps a server's error message"
    }
    guard let bracket = text.first, bracket == "{" || bracket == "[",
      let next = text.dropFirst().first(where: { !$0.isWhitespace }), "\"{[]}".contains(next) || next.isNumber
    else { return nil }
    return "JSON text that begins with '\(excerpt(text) ?? "")', perhaps a server's error message"
  }

  private static func text(_ start: [UInt8]) -> String? {
    // Whole characters only: the beginning may end within one.
    let isText = start.allSatisfy { $0 >= 32 && $0 != 127 || 9...13 ~= $0 }
    let text = String(decoding: start, as: UTF8.self)
    guard isText, !text.dropLast(start.count < beginning ? 0 : 1).contains("\u{FFFD}"), let shown = excerpt(text[...])
    else { return nil }
    return "text that begins with '\(shown)'"
  }

  /// The first line that is not blank, or as much of it as fits a message.
  private static func excerpt(_ text: Substring) -> String? {
    let line = text.split(whereSeparator: \.isNewline).lazy
      .map { $0.filter { $0.isLetter || $0.isNumber || $0.isPunctuation || $0.isSymbol || $0 == " " } }
      .first { !$0.allSatisfy(\.isWhitespace) }
    guard let line else { return nil }
    return line.count > 60 ? line.prefix(60) + "..." : line
  }
}
