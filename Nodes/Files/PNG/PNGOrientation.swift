extension PNGFile {
  /// How the stored picture is turned to be looked at.
  ///
  /// Right is what diffusers' `load_image` does, that is, `PIL.ImageOps.exif_transpose` of Pillow 13: of several chunks of a
  /// kind the last counts; eXIf, or a text `exif`, comes before the text `Raw profile type exif`, and XMP is asked where
  /// neither says anything. What is broken counts as none; there Pillow does not open some files.
  package func orientation() throws -> PictureOrientation {
    var exif: [UInt8]?
    var profile: [UInt8]?
    var xmp: [UInt8]?
    /// XMP where XMP belongs, be it no UTF-8; it is asked where `xmp` is empty.
    var packet: [UInt8]?
    let isAnimated = try isAnimated
    for chunk in others {
      // The rest belongs to later frames.
      if isAnimated, chunk.isAfterPixels, chunk.type == "fcTL" { break }
      if chunk.type == "eXIf" {
        if try counts(chunk) { exif = try Array("Exif\0\0".utf8) + bytes.bytes(chunk.data) }
        continue
      }
      guard let keyword = try keyword(of: chunk), try counts(chunk) else { continue }
      let text = try PNGText(chunk.type, data: bytes.bytes(chunk.data)[...])
      switch (keyword, chunk.type) {
      case ("exif", "tEXt"): exif = text?.text
      case (Self.profileKeyword, _): profile = Self.latest(text, chunk, over: profile)
      case (Self.xmpKeyword, _):
        if chunk.type == "iTXt", let text { packet = text.text }
        xmp = Self.latest(text, chunk, over: xmp)
      default: break
      }
    }
    var stated = exif.map { Exif.orientation(in: $0[...]) } ?? profile.flatMap { Exif.orientation(inProfile: $0[...]) }
    if stated == nil {
      let text = xmp ?? []
      stated = XMP.orientation(in: text.isEmpty ? packet ?? [] : text)
    }
    return stated.flatMap { PictureOrientation(rawValue: $0) } ?? .upright
  }

  private static let profileKeyword = "Raw profile type exif"
  private static let xmpKeyword = "XML:com.adobe.xmp"

  /// What a keyword stands for once another text has it: a damaged zTXt chunk empties it, a damaged iTXt chunk does not.
  private static func latest(_ text: PNGText?, _ chunk: PNGChunk, over earlier: [UInt8]?) -> [UInt8]? {
    guard let text else { return chunk.type == "zTXt" ? [] : earlier }
    return text.isValid ? text.text : earlier
  }

  /// The keyword of a text chunk that may tell an orientation; nil for all others.
  private func keyword(of chunk: PNGChunk) throws -> String? {
    guard ["tEXt", "zTXt", "iTXt"].contains(chunk.type) else { return nil }
    let keyword = try PNGText.keyword(of: bytes.bytes(chunk.data.prefix(80))[...])
    return ["exif", Self.profileKeyword, Self.xmpKeyword].contains(keyword) ? keyword : nil
  }

  /// Whether a chunk is to be heeded: readers check the sum of those before the pixels only.
  private func counts(_ chunk: PNGChunk) throws -> Bool {
    if chunk.isAfterPixels { return true }
    return try isSound(chunk)
  }

  /// Whether the file says it holds several frames, of which the first is read.
  private var isAnimated: Bool {
    get throws {
      let ahead = others.prefix { !$0.isAfterPixels }
      guard let control = ahead.first(where: { $0.type == "acTL" && $0.data.count >= 8 }) else { return false }
      let frames = try bytes.bytes(control.data.prefix(4)).reduce(0) { $0 << 8 | Int($1) }
      return frames > (ahead.contains { $0.type == "fcTL" } ? 1 : 0)
    }
  }
}
