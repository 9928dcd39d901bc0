import Diagnostics
import Synchronization
import Tensors

/// What is wrong with a file that is to hold a picture, in words for the user.
package struct PictureError: Error, Sendable {
  package let message: String
}

/// A picture in a file that is decoded row by row, as 8-bit samples: red, green, blue and, of some, alpha.
protocol PictureRows: AnyObject {
  var width: Int { get }
  var height: Int { get }
  /// 3, or 4 with alpha.
  var channels: Int { get }
  /// Whether all rows become known only together.
  var isInterlaced: Bool { get }

  /// Reads the next rows, `count` times `width` times `channels` bytes; of an interlaced picture all rows at once.
  func read(_ count: Int, into rows: UnsafeMutablePointer<UInt8>) throws
}

/// A picture as it is seen.
package struct DecodedPicture {
  /// [1, 3, h, w], each sample as v / 255 * 2 - 1.
  package let image: Image
  /// What is not opaque, 1 - alpha; nil of pictures without alpha.
  package let mask: Mask?

  /// A few hundred kilobytes of a large picture, and a few cache lines of a column.
  private static let rowsAtOnce = 32

  /// Reads all rows and turns the picture upright.
  ///
  /// Beside the result no more than a few rows are in memory, or, of an interlaced picture, its pixels. Rows are decoded one
  /// after the other, while other threads turn those before into numbers.
  ///
  /// Throws what reading throws.
  init(_ rows: some PictureRows, _ orientation: PictureOrientation) throws {
    let layout = UprightLayout(
      storedWidth: rows.width, storedHeight: rows.height, orientation, channels: rows.channels)
    let rowSize = rows.width * rows.channels
    var picture: [UInt8] = []
    if rows.isInterlaced {
      picture = try [UInt8](unsafeUninitializedCapacity: rows.height * rowSize) { pixels, count in
        if let start = pixels.baseAddress { try rows.read(rows.height, into: start) }
        count = pixels.count
      }
    }
    let colours: [Float] = (0...255).map { Float($0) / 255 * 2 - 1 }
    let alphas: [Float] = (0...255).map { 1 - Float($0) / 255 }
    let values = colours + alphas
    let tensor = try Tensor(shape: [rows.channels, 1, layout.height, layout.width]) { planes in
      guard let planes = planes.baseAddress else { return }
      let state = Mutex<(next: Int, failure: (any Error)?)>((0, nil))
      Parallel.forEach(Parallel.threadCount) { _ in
        var block = [UInt8](repeating: 0, count: rows.isInterlaced ? 0 : Self.rowsAtOnce * rowSize)
        /// The next rows, and where they are; nil when all are taken.
        func next() -> Range<Int>? {
          state.withLock { state in
            let range = state.next..<min(state.next + Self.rowsAtOnce, rows.height)
            guard !range.isEmpty, state.failure == nil else { return nil }
            do {
              if !rows.isInterlaced {
                try block.withUnsafeMutableBufferPointer { block in
                  if let start = block.baseAddress { try rows.read(range.count, into: start) }
                }
              }
            } catch {
              state.failure = error
              return nil
            }
            state.next = range.upperBound
            return range
          }
        }
        while let range = next() {
          (rows.isInterlaced ? picture : block).withUnsafeBufferPointer { pixels in
            let start = rows.isInterlaced ? range.lowerBound * rowSize : 0
            if let base = pixels.baseAddress { layout.place(base + start, rows: range, as: values, to: planes) }
          }
        }
      }
      if let failure = state.withLock({ $0.failure }) { throw failure }
    }
    image = Image(tensor.samples(0..<3).reshaped([1, 3, layout.height, layout.width]))
    mask = rows.channels == 4 ? Mask(tensor.sample(3)) : nil
  }

  /// A picture in a PNG or a JPEG file.
  ///
  /// Throws `PictureError`, `PNGError`, `JPEGError` or `FileError`.
  package init(_ bytes: ByteSource) throws {
    let start = try bytes.bytes(0..<min(FileNature.beginning, bytes.count))
    if start.starts(with: JPEG.signature) {
      let reader = try JPEGReader(bytes)
      try self.init(reader, reader.orientation)
    } else if start.starts(with: PNG.signature) {
      try self.init(PNGFile(bytes))
    } else {
      let nature = FileNature.describe(beginning: start).map { ": it is \($0)" } ?? ""
      throw PictureError(message: "neither a PNG nor a JPEG file" + nature)
    }
  }

  /// Throws `PNGError` or `FileError`.
  package init(_ file: PNGFile) throws {
    try self.init(PNGReader(file, keepsAlpha: true), file.orientation())
  }
}
