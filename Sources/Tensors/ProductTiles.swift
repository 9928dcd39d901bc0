/// How the result of a matrix product is cut into calls that run in parallel.
///
/// The cut follows from the sizes of the result alone, never from thread count or batch: OpenBLAS picks its kernels by
/// the sizes of a call, so a result has the same bits only if it comes from the same calls.
struct ProductTiles {
  private let rows: Int
  private let columns: Int
  private let rowsPerTile: Int
  private let columnsPerTile: Int
  private let columnTiles: Int
  private let count: Int

  /// High tiles let OpenBLAS use each packed weight often; few rows are cut by columns instead, to feed the threads.
  private static let tallestTile = 256
  private static let narrowestTile = 128
  private static let wantedTiles = 8

  init(rows: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    let rowTiles = Self.pieces(rows, ofAtMost: Self.tallestTile)
    let mostColumnTiles = max(columns / Self.narrowestTile, 1)
    let wantedColumnTiles = min(mostColumnTiles, max(Self.wantedTiles / rowTiles, 1))
    rowsPerTile = Self.share(rows, rowTiles)
    columnsPerTile = Self.share(columns, wantedColumnTiles)
    columnTiles = Self.pieces(columns, ofAtMost: columnsPerTile)
    count = Self.pieces(rows, ofAtMost: rowsPerTile) * columnTiles
  }

  /// A part of the result that one call computes.
  struct Tile {
    let rows: Range<Int>
    let columns: Range<Int>
  }

  /// Calls `body` for every tile of every sample, in any order and on several threads.
  func forEach(samples: Int, _ body: (_ sample: Int, _ tile: Tile) -> Void) {
    Parallel.forEach(samples * count) { index in
      let (sample, position) = index.quotientAndRemainder(dividingBy: count)
      let (row, column) = position.quotientAndRemainder(dividingBy: columnTiles)
      body(
        sample,
        Tile(
          rows: row * rowsPerTile..<min((row + 1) * rowsPerTile, rows),
          columns: column * columnsPerTile..<min((column + 1) * columnsPerTile, columns)))
    }
  }

  private static func pieces(_ length: Int, ofAtMost size: Int) -> Int { max((length + size - 1) / size, 1) }

  /// An equal share of `length`, rounded up to whole vectors.
  private static func share(_ length: Int, _ parts: Int) -> Int {
    let exact = (length + parts - 1) / parts
    return max((exact + Vector.scalarCount - 1) / Vector.scalarCount * Vector.scalarCount, Vector.scalarCount)
  }
}

/// What is added to a product: a constant a column, and a matrix of the product's shape.
struct Addends {
  let columns: UnsafePointer<Float>?
  let residual: UnsafePointer<Float>?
  let residualStride: Int

  var isEmpty: Bool { columns == nil && residual == nil }

  /// Writes the addends of one tile to `y`, for the product to be added to.
  func write(to y: UnsafeMutablePointer<Float>, stride: Int, tile: ProductTiles.Tile) {
    let (first, width) = (tile.columns.lowerBound, tile.columns.count)
    for (index, row) in tile.rows.enumerated() {
      let y = y + index * stride
      let residual = residual.map { $0 + row * residualStride + first }
      let columns = columns.map { $0 + first }
      switch (columns, residual) {
      case (nil, nil): return
      case (let source?, nil), (nil, let source?): y.update(from: source, count: width)
      case (let columns?, let residual?):
        forEachVector(0..<width) { c in
          (Vector(loading: columns + c) + Vector(loading: residual + c)).store(to: y + c)
        } tail: { c, lanes in
          (Vector(loading: columns + c, count: lanes) + Vector(loading: residual + c, count: lanes))
            .store(to: y + c, count: lanes)
        }
      }
    }
  }
}

/// Calls `body` with the tensor's elements, or with nil if there is no tensor.
func withOptionalPointer<Result>(_ tensor: Tensor?, _ body: (UnsafePointer<Float>?) -> Result) -> Result {
  guard let tensor else { return body(nil) }
  return tensor.withUnsafePointer { body($0) }
}
