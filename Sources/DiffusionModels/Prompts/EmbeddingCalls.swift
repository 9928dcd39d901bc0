/// Finds `embedding:name` in pieces of text, as ComfyUI does: at a piece's start and after a space or a line end.
///
/// A name ends at white space; commas at its end belong to the text unless a file has them in its name. A name that no
/// file has is left out, with a remark.
/// Source: `SDTokenizer.tokenize_with_weights` of ComfyUI's `sd1_clip.py`.
struct EmbeddingCalls {
  private(set) var parts: [Prompt.Part] = []
  private(set) var remarks: [String] = []
  private let folder: EmbeddingFolder?

  private static let mark = Array("embedding:".unicodeScalars)

  init(folder: EmbeddingFolder?) { self.folder = folder }

  /// Appends the parts of one piece.
  mutating func read(_ piece: WeightedText) throws {
    let scalars = Array(piece.text.unicodeScalars)
    var start = 0
    for position in scalars.indices {
      guard scalars[position] == " " || scalars[position] == "\n", scalars[(position + 1)...].starts(with: Self.mark)
      else { continue }
      try readPart(scalars[start..<position], weight: piece.weight)
      start = position + 1
    }
    try readPart(scalars[start...], weight: piece.weight)
  }

  /// Text that calls an embedding at its start, or none.
  private mutating func readPart(_ scalars: ArraySlice<Unicode.Scalar>, weight: Double) throws {
    guard scalars.starts(with: Self.mark) else { return append(scalars, weight: weight) }
    let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
    let call = scalars.dropFirst(Self.mark.count).drop(while: isSpace)
    let name = call.prefix { !isSpace($0) }
    let bareName = name.prefix(name.count - name.reversed().prefix { $0 == "," }.count)
    var used = name
    var file = try folder?.file(named: Self.string(name))
    if file == nil {
      used = bareName
      file = try folder?.file(named: Self.string(bareName))
    }
    if let file {
      parts.append(.embedding(file, weight: weight))
    } else {
      let place = folder.map { "not found in \($0.path)" } ?? "unknown without 'embeddings', the folder of its file"
      remarks.append("the embedding '\(Self.string(bareName))' is \(place); it was left out")
    }
    append(scalars[used.endIndex...].drop(while: isSpace), weight: weight)
  }

  private mutating func append(_ scalars: ArraySlice<Unicode.Scalar>, weight: Double) {
    if !scalars.isEmpty { parts.append(.text(WeightedText(Self.string(scalars), weight: weight))) }
  }

  private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    String(String.UnicodeScalarView(scalars))
  }
}
