/// The font that labels are drawn in: how wide texts are, and how much of each pixel they cover.
package struct LabelFont: Sendable {
  package static let shared = LabelFont(GlyphOutlines.text)

  /// A point in font units, y up from the baseline.
  package typealias Point = SIMD2<Float>

  private struct Glyph: Sendable {
    var advance: Float
    /// Closed polylines.
    var contours: [[Point]] = []
  }

  private let glyphs: [Unicode.Scalar: Glyph]
  /// Stands for characters without a glyph.
  private let substitute: Glyph

  /// A quadratic curve becomes this many lines, enough for the largest labels.
  private static let linesPerCurve = 8
  private static let unitsPerEm = Float(GlyphOutlines.unitsPerEm)

  // MARK: Sizes

  /// From the top of a line to its baseline, at an em of `size` pixels.
  func ascent(size: Float) -> Float { Float(GlyphOutlines.ascent) / Self.unitsPerEm * size }

  /// From one baseline to the next.
  func lineHeight(size: Float) -> Int {
    Int((Float(GlyphOutlines.ascent + GlyphOutlines.descent) / Self.unitsPerEm * size).rounded(.up))
  }

  func width(of text: some StringProtocol, size: Float) -> Float {
    text.unicodeScalars.reduce(0) { $0 + glyph(of: $1).advance } / Self.unitsPerEm * size
  }

  private func glyph(of scalar: Unicode.Scalar) -> Glyph { glyphs[scalar] ?? substitute }

  // MARK: Drawing

  /// What part of each pixel the text covers.
  ///
  /// - Parameters:
  ///   - size: pixels to an em.
  ///   - baseline: rows from the top to the baseline.
  /// - Returns: width x height values in 0...1, rows from the top.
  package func coverage(of text: String, size: Float, baseline: Float, width: Int, height: Int) -> [Float] {
    var area = SignedArea(width: width, height: height)
    let scale = size / Self.unitsPerEm
    var start: Float = 0
    for scalar in text.unicodeScalars {
      let glyph = glyph(of: scalar)
      for contour in glyph.contours {
        let points = contour.map { Point(start + $0.x * scale, baseline - $0.y * scale) }
        for (from, to) in zip(points, points.dropFirst() + points.prefix(1)) { area.add(from, to) }
      }
      start += glyph.advance * scale
    }
    return area.coverage()
  }

  // MARK: Reading

  /// Reads the form that `GlyphOutlines` describes.
  private init(_ text: String) {
    var glyphs: [Unicode.Scalar: Glyph] = [:]
    var tokens = text.split(whereSeparator: \.isWhitespace)[...]
    func number() -> Float { tokens.popFirst().flatMap { Float($0) } ?? 0 }
    func step() -> Point { Point(number(), number()) }
    while let token = tokens.popFirst() {
      guard let scalar = UInt32(token.dropFirst(), radix: 16).flatMap(Unicode.Scalar.init) else {
        preconditionFailure("'\(token)' begins no glyph")
      }
      var glyph = Glyph(advance: number())
      var pen = Point(0, 0)
      while let command = tokens.first, command.first != "u" {
        tokens.removeFirst()
        switch command {
        case "m":
          pen += step()
          glyph.contours.append([pen])
        case "l":
          pen += step()
          glyph.contours[glyph.contours.count - 1].append(pen)
        default:
          let (control, end) = (pen + step(), pen + step())
          glyph.contours[glyph.contours.count - 1] += Self.curve(from: pen, control, to: end)
          pen = end
        }
        // A closed contour leaves the pen where it began.
        if tokens.first == "m" || tokens.first?.first == "u" { pen = glyph.contours.last?.first ?? pen }
      }
      glyphs[scalar] = glyph
    }
    self.glyphs = glyphs
    substitute = glyphs["\u{FFFD}"] ?? Glyph(advance: Self.unitsPerEm / 2)
  }

  private static func curve(from start: Point, _ control: Point, to end: Point) -> [Point] {
    (1...linesPerCurve).map { number in
      let t = Float(number) / Float(linesPerCurve)
      return (1 - t) * (1 - t) * start + 2 * t * (1 - t) * control + t * t * end
    }
  }
}

/// Collects the area to the right of lines, pixel by pixel, which summed along rows is the area inside closed lines.
///
/// Exact for straight lines; the method of Raph Levien's font-rs.
private struct SignedArea {
  private let width: Int
  private let height: Int
  /// One pixel more in each row, for what is right of the last one.
  private var changes: [Float]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    changes = Array(repeating: 0, count: (width + 2) * height)
  }

  func coverage() -> [Float] {
    var coverage: [Float] = []
    coverage.reserveCapacity(width * height)
    for row in 0..<height {
      var sum: Float = 0
      for column in 0..<width {
        sum += changes[row * (width + 2) + column]
        coverage.append(min(abs(sum), 1))
      }
    }
    return coverage
  }

  mutating func add(_ from: LabelFont.Point, _ to: LabelFont.Point) {
    guard from.y != to.y else { return }
    let sign: Float = from.y < to.y ? 1 : -1
    let (top, bottom) = from.y < to.y ? (from, to) : (to, from)
    let slope = (bottom.x - top.x) / (bottom.y - top.y)
    for row in max(0, Int(top.y.rounded(.down)))..<max(0, min(height, Int(bottom.y.rounded(.up)))) {
      let (start, end) = (max(Float(row), top.y), min(Float(row + 1), bottom.y))
      let (a, b) = (top.x + (start - top.y) * slope, top.x + (end - top.y) * slope)
      add(row: row, left: clamp(min(a, b)), right: clamp(max(a, b)), amount: sign * (end - start))
    }
  }

  private func clamp(_ x: Float) -> Float { min(max(x, 0), Float(width)) }

  /// A piece of a line within one row, `amount` high, between two places.
  private mutating func add(row: Int, left: Float, right: Float, amount: Float) {
    let base = row * (width + 2)
    let (first, last) = (Int(left), Int(right))
    if first == last {
      let part = amount * ((left + right) / 2 - Float(first))
      changes[base + first] += amount - part
      changes[base + first + 1] += part
      return
    }
    // The covered area of each pixel, from which that of the pixel before is taken.
    var before: Float = 0
    for column in first...last {
      let (start, end) = (max(left, Float(column)), min(right, Float(column + 1)))
      let height = amount / (right - left)
      // The part of the line left of this pixel covers it whole, the part within it covers what is right of it.
      let covered = height * ((start - left) + (end - start) * (Float(column + 1) - (start + end) / 2))
      changes[base + column] += covered - before
      before = covered
    }
    changes[base + last + 1] += amount - before
  }
}
