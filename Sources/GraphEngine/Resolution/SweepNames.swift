/// What the points of a sweep and their values are called in addresses and in the names of files.
struct SweepNames {
  /// Such as `seed=1,cfg=5`, by point.
  let addresses: [String]
  /// Such as `-seed1-cfg5`, by point: what comes before the extension of a file.
  let suffixes: [String]

  init(_ sweep: BoundSweep) {
    let slugs = sweep.axes.map(Self.slugs)
    addresses = sweep.points.map { point in
      sweep.axes.indices.map { "\(sweep.axes[$0].name)=\(slugs[$0][point[$0]])" }.joined(separator: ",")
    }
    let padded = zip(sweep.axes, slugs).map { axis, slugs in
      axis.values.allSatisfy(\.type.isNumeric) ? Self.padded(slugs) : slugs
    }
    let suffixes = sweep.points.map { point in
      sweep.axes.indices.map { axis in
        let slug = padded[axis][point[axis]]
        let isNumber = slug.utf8.first.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || "+-.".utf8.contains($0) }
        return "-\(sweep.axes[axis].name)\(isNumber == true ? "" : "_")\(slug)"
      }.joined()
    }
    let taken = Self.counts(suffixes)
    self.suffixes = zip(suffixes, addresses).map { suffix, address in
      if suffix.utf8.count > Self.longestSuffix { return "\(suffix.prefix(Self.longestSuffix))-\(digest(address))" }
      return taken[suffix.lowercased()] == 1 ? suffix : "\(suffix)-\(digest(address))"
    }
  }

  private static let longestSuffix = 120
  private static let longestSlug = 32

  /// Texts of letters, digits, `.`, `_`, `+` and `-` for an axis's values; no two are the same, whatever the case.
  static func slugs(_ axis: SweepAxis) -> [String] {
    var texts = axis.texts
    if case .list = axis.values.first?.type { texts = texts.map { $0.filter { !"[],".contains($0) } } }
    if axis.values.first?.type == .path {
      let stems = texts.map(PathText.stem)
      if Set(stems.map { $0.lowercased() }).count == stems.count { texts = stems }
    }
    let slugs = texts.map(slug)
    let taken = counts(slugs)
    return zip(slugs, axis.texts).map { taken[$0.lowercased()] == 1 ? $0 : "\($0)-\(digest($1))" }
  }

  /// Numbers with zeros before them, as many digits before the point as the longest has, so that files sort by them.
  private static func padded(_ slugs: [String]) -> [String] {
    func digits(_ slug: String) -> Substring.UTF8View.SubSequence {
      slug[...].utf8.drop { $0 == UInt8(ascii: "-") }.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
    guard slugs.allSatisfy({ Double($0) != nil && !$0.contains("e") }) else { return slugs }
    let width = slugs.map { digits($0).count }.max() ?? 0
    return slugs.map { slug in
      let zeros = String(repeating: "0", count: width - digits(slug).count)
      return slug.hasPrefix("-") ? "-\(zeros)\(slug.dropFirst())" : zeros + slug
    }
  }

  /// Blanks become `_`; a text that loses more than that, or is long, ends in a digest of the whole.
  private static func slug(_ text: String) -> String {
    if text.isEmpty { return "empty" }
    var slug = ""
    var isWhole = true
    for scalar in text.unicodeScalars {
      if scalar.isNamePart || "0123456789.+-".unicodeScalars.contains(scalar) {
        slug.unicodeScalars.append(scalar)
      } else {
        isWhole = isWhole && scalar == " "
        if !slug.hasSuffix("_") { slug += "_" }
      }
    }
    guard !isWhole || slug.count > longestSlug else { return slug }
    var start = slug.prefix(longestSlug)
    if start.count < slug.count, let end = start.lastIndex(of: "_"), end > start.startIndex { start = start[..<end] }
    return "\(start)-\(digest(text))"
  }

  private static func counts(_ names: [String]) -> [String: Int] {
    names.reduce(into: [:]) { $0[$1.lowercased(), default: 0] += 1 }
  }
}

/// Enough of a digest to tell the values of a sweep apart.
private func digest(_ text: String) -> String { String(ContentDigest(hashing: Array(text.utf8)).description.prefix(8)) }
