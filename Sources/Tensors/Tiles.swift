/// An axis cut into tiles that overlap: each sees a margin around what it gives.
package struct TileAxis: Sendable, Equatable {
  package struct Tile: Sendable, Equatable {
    /// What it sees.
    package let seen: Range<Int>
    /// What it gives, of which no other tile gives anything.
    package let given: Range<Int>
  }

  package let tiles: [Tile]

  /// Tiles that see `size` places at most, with a margin where they do not end at an end of the axis.
  ///
  /// An axis that fits is one tile. The last tile begins so early that it is as large as the others.
  package init(length: Int, size: Int, margin: Int) {
    guard length > size, size > 2 * margin else {
      tiles = [Tile(seen: 0..<length, given: 0..<length)]
      return
    }
    var tiles: [Tile] = []
    var given = 0
    while given < length {
      let start = min(max(given - margin, 0), length - size)
      let isLast = start + size == length
      let end = isLast ? length : start + size - margin
      tiles.append(Tile(seen: start..<start + size, given: given..<end))
      given = end
    }
    self.tiles = tiles
  }
}

extension Tensor {
  /// What a function makes of pictures [n, c, h, w] tile by tile: [n, channels, h scale, w scale].
  ///
  /// It is given what a tile sees, and makes it `scale` times as large.
  package func mappedInTiles(
    _ rows: TileAxis, _ columns: TileAxis, channels: Int, scale: Int, _ body: (Tensor) throws -> Tensor
  ) rethrows -> Tensor {
    if rows.tiles.count == 1, columns.tiles.count == 1 { return try body(self) }
    let (height, width) = (shape[2] * scale, shape[3] * scale)
    return try Tensor(shape: [shape[0], channels, height, width]) { target in
      guard let target = target.baseAddress else { return }
      for row in rows.tiles {
        for column in columns.tiles {
          let made = try body(
            region(
              top: row.seen.lowerBound, left: column.seen.lowerBound, height: row.seen.count, width: column.seen.count))
          let (top, left) = (
            (row.given.lowerBound - row.seen.lowerBound) * scale,
            (column.given.lowerBound - column.seen.lowerBound) * scale
          )
          let count = column.given.count * scale
          made.withUnsafePointer { source in
            for plane in 0..<shape[0] * channels {
              for line in 0..<row.given.count * scale {
                let from = source + (plane * made.shape[2] + top + line) * made.shape[3] + left
                let to = target + (plane * height + row.given.lowerBound * scale + line) * width
                (to + column.given.lowerBound * scale).update(from: from, count: count)
              }
            }
          }
        }
      }
    }
  }
}

extension Tensor {
  /// What a function makes of channels-last images [n, h, w, c] a strip of rows at a time: [n, h scale, w scale, channels].
  ///
  /// Strips give `rows` rows and see `margin` more on both sides where the image goes on; both are multiples of 4, so that
  /// convolutions by Winograd's method cut a strip as they cut the whole.
  package func mappedInStrips(
    rows: Int, margin: Int, channels: Int, scale: Int, _ body: (Tensor) -> Tensor
  ) -> Tensor {
    precondition(rows % 4 == 0 && margin % 4 == 0, "strips of \(rows) rows with \(margin) around")
    let (height, line) = (shape[1], shape[2] * shape[3])
    if height <= rows + margin { return body(self) }
    let madeLine = shape[2] * scale * channels
    return Tensor(shape: [shape[0], height * scale, shape[2] * scale, channels]) { target in
      guard let target = target.baseAddress else { return }
      for sample in 0..<shape[0] {
        for first in stride(from: 0, to: height, by: rows) {
          let (last, top) = (min(first + rows, height), max(first - margin, 0))
          let bottom = min(last + margin, height)
          let seen = withUnsafePointer { x in
            Tensor(shape: [1, bottom - top, shape[2], shape[3]]) { strip in
              strip.baseAddress?.update(from: x + (sample * height + top) * line, count: (bottom - top) * line)
            }
          }
          body(seen).withUnsafePointer { made in
            (target + (sample * height + first) * scale * madeLine)
              .update(from: made + (first - top) * scale * madeLine, count: (last - first) * scale * madeLine)
          }
        }
      }
    }
  }
}
