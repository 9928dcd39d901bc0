import CKernels
import Foundation
import Testing

/// The products of bf16 factors by themselves, each kind that this processor can run, whichever the layers use.
struct BF16ProductTests {
  enum Kernel: String, CaseIterable, Sendable {
    case avx512, amx

    static let usable = allCases.filter { $0 == .avx512 ? ck_has_avx512_bf16() : ck_has_amx_bf16() }

    func multiply(_ product: Product, rows: Range<Int>, a: [UnsafePointer<UInt32>?], c: UnsafeMutablePointer<Float>) {
      let pointers = (0..<product.segments).flatMap { segment in rows.map { a[segment * product.rows + $0] } }
      let (count, columns, segments, depth) = (rows.count, product.columns, product.segments, product.depth)
      product.panel.withUnsafeBufferPointer {
        switch self {
        case .avx512:
          ck_multiply_bf16_avx512(
            count, columns, segments, depth, pointers, false, $0.baseAddress, nil, 0, c, Product.stride, product.adds)
        case .amx:
          ck_multiply_bf16_amx(
            count, columns, segments, depth, pointers, $0.baseAddress, nil, 0, c, Product.stride,
            product.adds ? UnsafePointer(c) : nil, Product.stride)
        }
      }
    }
  }

  /// Factors, and what their product is added to.
  struct Product: Sendable {
    let rows, columns, segments, depth: Int
    let isScattered, adds: Bool
    let words: [UInt32]
    /// Where in the words each row begins.
    let places: [Int]
    let panel: [UInt32]
    let addends: [Float]

    /// Of the result's rows: wider than a panel, so that what is written beyond the columns shows.
    static let stride = 69

    init(rows: Int, columns: Int, segments: Int, depth: Int, isScattered: Bool, adds: Bool) {
      (self.rows, self.columns, self.segments, self.depth) = (rows, columns, segments, depth)
      (self.isScattered, self.adds) = (isScattered, adds)
      let width = Int(ck_panel_avx512)
      let rowWords = depth + 3
      words = Self.pairs(rows * segments * rowWords, seed: 1)
      let order = Array(0..<rows * segments)
      places = (isScattered ? order.map { $0 * 7 % order.count } : order).map { $0 * rowWords }
      panel = Self.pairs(segments * depth * width, seed: 2).enumerated().map { $0 % width < columns ? $1 : 0 }
      addends = randomTensor([rows * Self.stride], seed: 3).values
    }

    private static func pairs(_ count: Int, seed: UInt64) -> [UInt32] {
      let bits = randomTensor([2 * count], seed: seed).roundedToBF16().values.map { $0.bitPattern >> 16 }
      return (0..<count).map { bits[2 * $0] | bits[2 * $0 + 1] << 16 }
    }

    /// What a kernel makes of it, some rows at a time.
    func result(_ kernel: Kernel, rowsAtATime: Int? = nil) -> [Float] {
      var c = addends
      let rowsAtATime = rowsAtATime ?? rows
      words.withUnsafeBufferPointer { words in
        let pointers = places.map { place in words.baseAddress.map { $0 + place } }
        c.withUnsafeMutableBufferPointer { c in
          for first in Swift.stride(from: 0, to: rows, by: rowsAtATime) {
            guard let start = c.baseAddress else { return }
            let some = first..<min(first + rowsAtATime, rows)
            kernel.multiply(self, rows: some, a: pointers, c: start + first * Self.stride)
          }
        }
      }
      return c
    }

    /// The same in double precision.
    var expected: [Double] {
      func factors(_ word: UInt32) -> (Double, Double) {
        (Double(Float(bitPattern: word << 16)), Double(Float(bitPattern: word & 0xFFFF_0000)))
      }
      return addends.indices.map { index in
        let (row, column) = index.quotientAndRemainder(dividingBy: Self.stride)
        guard column < columns else { return Double(addends[index]) }
        var sum = adds ? Double(addends[index]) : 0
        for segment in 0..<segments {
          for k in 0..<depth {
            let x = factors(words[places[segment * rows + row] + k])
            let y = factors(panel[(segment * depth + k) * Int(ck_panel_avx512) + column])
            sum += x.0 * y.0 + x.1 * y.1
          }
        }
        return sum
      }
    }
  }

  /// Sizes around those of tiles of registers: 6 rows, or 16 and 32, by 16 or 32 columns and 16 words.
  private static let products: [Product] = [
    (1, 1, 1, 1), (5, 3, 3, 2), (16, 16, 1, 16), (32, 64, 2, 32), (33, 17, 2, 15), (31, 33, 3, 17), (70, 64, 1, 20),
    (15, 48, 9, 160), (64, 50, 1, 333), (47, 64, 4, 129),
  ].flatMap { rows, columns, segments, depth in
    [(false, false), (true, false), (false, true), (true, true)].map {
      Product(
        rows: rows, columns: columns, segments: segments, depth: depth, isScattered: $0, adds: $1)
    }
  }

  @Test(arguments: Kernel.usable) func agreesWithDoublePrecision(_ kernel: Kernel) {
    for product in Self.products {
      let tensor = product.result(kernel)
      let expected = product.expected
      let error = zip(tensor, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
      // Sums of so many numbers up to 1 grow by the root of their number, and so do their roundings.
      let bound = 3e-8 * Double(2 * product.segments * product.depth) + 4e-7
      #expect(
        error < bound, "\(product.rows)x\(product.columns), \(product.segments) segments of \(product.depth) words")
      for row in 0..<product.rows {
        let beyond = row * Product.stride + product.columns..<(row + 1) * Product.stride
        #expect(tensor[beyond] == product.addends[beyond], "columns that are not there were written")
      }
    }
  }

  @Test(arguments: Kernel.usable) func bitsDoNotDependOnOtherRows(_ kernel: Kernel) {
    for product in Self.products {
      let together = product.result(kernel).map(\.bitPattern)
      for rows in [1, 7, 16, 40] {
        #expect(product.result(kernel, rowsAtATime: rows).map(\.bitPattern) == together, "\(rows) rows at a time")
      }
    }
  }

  @Test func exponentialsOfScoresAreThoseOfDoublePrecision() {
    guard ck_has_amx_bf16() else { return }
    let (width, lanes) = (Int(ck_panel_avx512), 16)
    for count in [1, 2, 5, 64, 127] {
      var scores = randomTensor([count * width], seed: UInt64(count), in: -9...9).values
      if count > 2 { scores[2 * width] = -.infinity }
      let before = scores
      // Of before there is nothing, a maximum that is kept, one that is just left and one that is beyond all scores.
      let earlier = (0..<lanes).map { lane -> Float in
        let largest = (0..<count).map { before[$0 * width + lane] }.max() ?? 0
        return [-.infinity, largest - 4.9, largest - 5.1, 20][lane % 4]
      }
      var (maximum, shrinkage) = (earlier, [Float](repeating: 0, count: lanes))
      var sum = [Float](repeating: 3, count: lanes)
      #expect(ck_exponentiate_bf16(&scores, count, &maximum, &sum, &shrinkage))
      for lane in 0..<lanes {
        let column = (0..<count).map { Double(before[$0 * width + lane]) }
        let isKept = [false, true, false, true][lane % 4]
        let largest = isKept ? Double(earlier[lane]) : column.max() ?? 0
        let expected = column.map { Foundation.exp($0 - largest) }
        let factor = Foundation.exp(Double(earlier[lane]) - largest)
        #expect(abs(Double(shrinkage[lane]) - factor) <= 1e-4 * factor)
        let total = 3 * factor + expected.reduce(0, +)
        #expect(abs(Double(sum[lane]) - total) < 1.1e-4 * total)
        #expect(Double(maximum[lane]) == largest)
        for (key, value) in expected.enumerated() {
          let word = scores[key / 2 * width + lane].bitPattern
          let half = Float(bitPattern: key % 2 == 0 ? word << 16 : word & 0xFFFF_0000)
          #expect(abs(Double(half) - value) <= value * 4.1e-3, "e^\(before[key * width + lane]) of \(largest)")
        }
        if count % 2 == 1 { #expect(scores[count / 2 * width + lane].bitPattern >> 16 == 0) }
      }
    }
  }
}
