/// How the result of a matrix product is cut into tiles that are computed in parallel.
///
/// The cut follows from the sizes of one sample's result alone, never from thread count or batch: OpenBLAS picks its kernels
/// by the sizes of a call, so a result has the same bits only if it comes from the same calls.
struct ProductTiles {
  private let rows: Int
  private let columns: Int
  private let rowsPerTile: Int
  private let columnsPerTile: Int
  private let rowTiles: Int
  private let columnTiles: Int

  /// High tiles use each part of a weight often.
  static let tallestTile = 192
  /// Where parts of a weight are made for each tile, higher ones: the rows are then read from the third-level cache.
  ///
  /// What OpenBLAS computes depends on the height.
  private static let tallestWideningTile = ProductEngine.current == .openblas ? tallestTile : 1536
  /// AMX takes a part of a weight so fast that it has to be used more often.
  private static let tallestAMXTile = 512
  /// Few rows are cut by columns instead: threads of unequal speed end together only if there are many tiles.
  ///
  /// OpenBLAS packs its rows in every call, so for it they are fewer.
  private static let wantedTiles = ProductEngine.current == .openblas ? 8 : 48
  /// And AMX reads them from the second-level cache for every panel, which should be many.
  private static let wantedAMXTiles = 16
  /// Rows that a product takes at a time.
  private static let rowUnit = 6, rowAMXUnit = 32
  /// Whole panels, two of AVX2.
  private static let columnUnit = max(PanelProduct.width, 32)

  /// `widens` tells of a weight of which parts are made for each tile.
  init(rows: Int, columns: Int, widestTile: Int = .max, widens: Bool = false, precision: Precision) {
    (self.rows, self.columns) = (rows, columns)
    let isAMX = precision.isMultipliedByAMX
    let tallest = widens ? Self.tallestWideningTile : isAMX ? Self.tallestAMXTile : Self.tallestTile
    rowsPerTile = Self.share(
      rows, Self.pieces(rows, ofAtMost: tallest), unit: isAMX ? Self.rowAMXUnit : Self.rowUnit)
    rowTiles = Self.pieces(rows, ofAtMost: rowsPerTile)
    let wantedColumnTiles = max(
      (isAMX ? Self.wantedAMXTiles : Self.wantedTiles) / rowTiles, Self.pieces(columns, ofAtMost: widestTile))
    columnsPerTile = Self.share(columns, wantedColumnTiles, unit: Self.columnUnit)
    columnTiles = Self.pieces(columns, ofAtMost: columnsPerTile)
  }

  /// A part of the result; its columns begin with a panel of the weight.
  struct Tile {
    let rows: Range<Int>
    let columns: Range<Int>
  }

  /// Calls `body` for every tile of every sample, its rows counted through all samples, in any order and on several threads.
  func forEach(samples: Int, _ body: (_ tile: Tile) -> Void) {
    Parallel.forEach(samples * rowTiles * columnTiles) { index in
      let (sample, tile) = index.quotientAndRemainder(dividingBy: rowTiles * columnTiles)
      let (row, column) = tile.quotientAndRemainder(dividingBy: columnTiles)
      let first = sample * rows
      body(
        Tile(
          rows: first + row * rowsPerTile..<first + min((row + 1) * rowsPerTile, rows),
          columns: column * columnsPerTile..<min((column + 1) * columnsPerTile, columns)))
    }
  }

  private static func pieces(_ length: Int, ofAtMost size: Int) -> Int { max(length - 1, 0) / size + 1 }

  /// An equal share of `length`, rounded up to whole units.
  private static func share(_ length: Int, _ parts: Int, unit: Int) -> Int {
    let exact = (length + parts - 1) / parts
    return max((exact + unit - 1) / unit * unit, unit)
  }
}

/// What is added to a product: a constant a column, and a matrix of the product's shape.
struct Addends {
  let columns: UnsafePointer<Float>?
  let residual: UnsafePointer<Float>?
  let residualStride: Int

  var isEmpty: Bool { columns == nil && residual == nil }

  /// The addends from a row and column on if they are one matrix, or one row.
  func alone(row: Int, column: Int) -> PanelProduct.Rows? {
    switch (columns, residual) {
    case (let columns?, nil): .init(first: columns + column, stride: 0)
    case (nil, let residual?): .init(first: residual + (row * residualStride + column), stride: residualStride)
    default: nil
    }
  }

  /// Writes the addends of one tile to `y`, for the product to be added to.
  func write(to y: UnsafeMutablePointer<Float>, stride: Int, tile: ProductTiles.Tile) {
    guard !isEmpty else { return }
    let columns = columns.map { $0 + tile.columns.lowerBound }
    let residual = residual.map { $0 + tile.rows.lowerBound * residualStride + tile.columns.lowerBound }
    forEachVector(0..<tile.columns.count) { c in
      let constant = columns.map { Vector(loading: $0 + c) } ?? .zero
      for row in 0..<tile.rows.count {
        let rest = residual.map { Vector(loading: $0 + row * residualStride + c) } ?? .zero
        (constant + rest).store(to: y + row * stride + c)
      }
    } tail: { c, lanes in
      let constant = columns.map { Vector(loading: $0 + c, count: lanes) } ?? .zero
      for row in 0..<tile.rows.count {
        let rest = residual.map { Vector(loading: $0 + row * residualStride + c, count: lanes) } ?? .zero
        (constant + rest).store(to: y + row * stride + c, count: lanes)
      }
    }
  }

  /// Writes `value` plus its addends to element `index` of `y`, which is in column `column`, or only the first lanes.
  @inline(__always) func add(
    to value: Vector, at index: Int, column: Int, lanes: Int, y: UnsafeMutablePointer<Float>
  ) {
    var value = value
    if lanes == Vector.scalarCount {
      if let columns { value += Vector(loading: columns + column) }
      if let residual { value += Vector(loading: residual + index) }
      value.store(to: y + index)
    } else {
      if let columns { value += Vector(loading: columns + column, count: lanes) }
      if let residual { value += Vector(loading: residual + index, count: lanes) }
      value.store(to: y + index, count: lanes)
    }
  }
}

/// Calls `body` with the tensor's elements, or with nil if there is no tensor.
func withOptionalPointer<Result>(_ tensor: Tensor?, _ body: (UnsafePointer<Float>?) -> Result) -> Result {
  guard let tensor else { return body(nil) }
  return tensor.withUnsafePointer { body($0) }
}
