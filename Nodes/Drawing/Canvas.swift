import Tensors

/// A picture to draw on, values in -1...1.
struct Canvas {
  let width: Int
  let height: Int
  /// Red, green and blue, each height x width.
  private var planes: [Float]

  enum Alignment { case left, center, right }

  init(width: Int, height: Int, grey: Float) {
    self.width = width
    self.height = height
    planes = Array(repeating: grey, count: 3 * width * height)
  }

  /// [1, 3, height, width].
  var tensor: Tensor { Tensor(shape: [1, 3, height, width], values: planes) }

  mutating func fill(x: Int, y: Int, width: Int, height: Int, grey: Float) {
    for plane in 0..<3 {
      for row in y..<y + height {
        let start = (plane * self.height + row) * self.width + x
        for index in start..<start + width { planes[index] = grey }
      }
    }
  }

  /// Draws a picture [1, 3, h, w], which must lie inside.
  mutating func draw(_ picture: Tensor, x: Int, y: Int) {
    let (rows, columns) = (picture.shape[2], picture.shape[3])
    picture.withUnsafeBufferPointer { values in
      for plane in 0..<3 {
        for row in 0..<rows {
          let target = (plane * height + y + row) * width + x
          let source = (plane * rows + row) * columns
          for column in 0..<columns { planes[target + column] = min(max(values[source + column], -1), 1) }
        }
      }
    }
  }

  /// Draws lines of text in a column of `width` pixels from `x`, the first one's top at `y`.
  mutating func draw(_ text: TextLines, x: Int, y: Int, width: Int, _ alignment: Alignment, grey: Float) {
    let font = LabelFont.shared
    let lineHeight = font.lineHeight(size: text.size)
    for (number, line) in text.lines.enumerated() {
      let lineWidth = Int(font.width(of: line, size: text.size).rounded(.up))
      let left =
        switch alignment {
        case .left: x
        case .center: x + (width - lineWidth) / 2
        case .right: x + width - lineWidth
        }
      let coverage = font.coverage(
        of: line, size: text.size, baseline: font.ascent(size: text.size), width: lineWidth, height: lineHeight)
      blend(coverage, x: left, y: y + number * lineHeight, width: lineWidth, grey: grey)
    }
  }

  /// What falls outside is left out.
  private mutating func blend(_ coverage: [Float], x: Int, y: Int, width: Int, grey: Float) {
    for (index, part) in coverage.enumerated() where part > 0 {
      let (row, column) = (y + index / width, x + index % width)
      guard (0..<height).contains(row), (0..<self.width).contains(column) else { continue }
      for plane in 0..<3 {
        let target = (plane * height + row) * self.width + column
        planes[target] += part * (grey - planes[target])
      }
    }
  }
}
