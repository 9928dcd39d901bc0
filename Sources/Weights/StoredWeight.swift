import Tensors

/// A weight in a file.
struct StoredWeight {
  let file: any TensorFile
  let fileName: String
  let info: TensorInfo
  let place: WeightPlace

  /// The weight's own shape, which is not the tensor's where that joins several.
  var shape: [Int] { place.shape(of: info.shape) }

  /// The numbers as a layer reads them, in `shape`, of the same count and first dimension as the weight's; times `scale`,
  /// one factor or one for each row.
  func source(_ shape: [Int], isTable: Bool, scale: [Float]?) -> WeightSource {
    let rowSize = shape.dropFirst().reduce(1, *)
    let isHalf = info.format?.fitsHalf == true && scale == nil
    return WeightSource(
      shape: shape, isHalf: isHalf, stored: isTable ? nil : rows(of: shape, scale: scale ?? [])
    ) { rows, target in
      switch place.view {
      case .whole: try read(rows.lowerBound * rowSize..<rows.upperBound * rowSize, into: target, anew: isTable)
      case .rows(let shares, _):
        let first = shape[0] / shares.count * shares.lowerBound
        try read(
          (first + rows.lowerBound) * rowSize..<(first + rows.upperBound) * rowSize, into: target, anew: isTable)
      case .halvesExchanged: try readExchanged(rows, of: shape[0], rowSize: rowSize, into: target, anew: isTable)
      case .transposed: try readTransposed(rows, of: shape, into: target, anew: isTable)
      }
      if let scale {
        for (index, row) in rows.enumerated() {
          let factor = scale.count == 1 ? scale[0] : scale[row]
          for element in index * rowSize..<(index + 1) * rowSize { target[element] *= factor }
        }
      }
      if rows.upperBound == shape[0], !isTable { file.release(fileName) }
    }
  }

  /// The rows as they lie in the file; nil where they do not lie one after the other, or the file may go.
  private func rows(of shape: [Int], scale: [Float]) -> StoredRows? {
    guard let format = info.format, let owner = file.content.owner, let bytes = file.content.bytes.baseAddress else {
      return nil
    }
    let rowSize = shape.dropFirst().reduce(1, *)
    let first: Int
    switch place.view {
    case .whole: first = 0
    case .rows(let shares, _): first = shape[0] / shares.count * shares.lowerBound * rowSize
    case .transposed, .halvesExchanged: return nil
    }
    return StoredRows(
      format, at: bytes + info.range.lowerBound, first: first, rowSize: rowSize, scales: scale, owner: owner)
  }

  private func read(_ elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>, anew: Bool) throws {
    if anew { return try file.readFloatsAnew(fileName, elements: elements, into: target) }
    try file.readFloats(fileName, elements: elements, into: target)
  }

  /// Rows of the first half of the weight are those of the second half of the tensor, and the other way round.
  private func readExchanged(
    _ rows: Range<Int>, of count: Int, rowSize: Int, into target: UnsafeMutableBufferPointer<Float>, anew: Bool
  ) throws {
    let half = count / 2
    for (part, first) in [(rows.clamped(to: 0..<half), count - half), (rows.clamped(to: half..<count), -half)]
    where !part.isEmpty {
      let place = (part.lowerBound - rows.lowerBound) * rowSize
      try read(
        (part.lowerBound + first) * rowSize..<(part.upperBound + first) * rowSize,
        into: UnsafeMutableBufferPointer(rebasing: target[place..<place + part.count * rowSize]), anew: anew)
    }
  }

  /// Rows of the weight are columns of the tensor.
  private func readTransposed(
    _ rows: Range<Int>, of shape: [Int], into target: UnsafeMutableBufferPointer<Float>, anew: Bool
  ) throws {
    let (outputs, inputs) = (shape[0], shape[1])
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: rows.count) { column in
      for input in 0..<inputs {
        let first = input * outputs + rows.lowerBound
        try read(first..<first + rows.count, into: column, anew: anew)
        for row in 0..<rows.count { target[row * inputs + input] = column[row] }
      }
    }
  }
}
