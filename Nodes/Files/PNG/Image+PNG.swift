import Synchronization
import Tensors

extension Image {
  /// A picture of a PNG file, turned upright: [1, 3, h, w], each sample as v / 255 * 2 - 1.
  ///
  /// Beside the result no more than a few rows are in memory, or, of an interlaced picture, its pixels. Rows are decoded one
  /// after the other, while other threads turn those before into numbers.
  ///
  /// Throws `PNGError` or `FileError`.
  package init(decoding file: PNGFile) throws {
    let reader = try PNGReader(file)
    let layout = try UprightLayout(storedWidth: reader.width, storedHeight: reader.height, file.orientation())
    let rowSize = reader.width * 3
    var picture: [UInt8] = []
    if reader.isInterlaced {
      picture = try [UInt8](unsafeUninitializedCapacity: reader.height * rowSize) { pixels, count in
        if let start = pixels.baseAddress { try reader.read(reader.height, into: start) }
        count = pixels.count
      }
    }
    let values = (0...255).map { Float($0) / 255 * 2 - 1 }
    let tensor = try Tensor(shape: [1, 3, layout.height, layout.width]) { planes in
      guard let planes = planes.baseAddress else { return }
      let state = Mutex<(next: Int, failure: (any Error)?)>((0, nil))
      Parallel.forEach(Parallel.threadCount) { _ in
        var block = [UInt8](repeating: 0, count: reader.isInterlaced ? 0 : Self.rowsAtOnce * rowSize)
        /// The next rows, and where they are; nil when all are taken.
        func next() -> Range<Int>? {
          state.withLock { state in
            let rows = state.next..<min(state.next + Self.rowsAtOnce, reader.height)
            guard !rows.isEmpty, state.failure == nil else { return nil }
            do {
              if !reader.isInterlaced {
                try block.withUnsafeMutableBufferPointer { block in
                  if let start = block.baseAddress { try reader.read(rows.count, into: start) }
                }
              }
            } catch {
              state.failure = error
              return nil
            }
            state.next = rows.upperBound
            return rows
          }
        }
        while let rows = next() {
          (reader.isInterlaced ? picture : block).withUnsafeBufferPointer { pixels in
            let start = reader.isInterlaced ? rows.lowerBound * rowSize : 0
            if let base = pixels.baseAddress { layout.place(base + start, rows: rows, as: values, to: planes) }
          }
        }
      }
      if let failure = state.withLock({ $0.failure }) { throw failure }
    }
    self.init(tensor)
  }

  /// A few hundred kilobytes of a large picture, and a few cache lines of a column.
  private static let rowsAtOnce = 32
}
