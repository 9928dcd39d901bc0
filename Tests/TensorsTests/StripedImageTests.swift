import Testing

import Tensors

@Suite struct StripedImageTests {
  /// Strips of different sizes, and rows of several of them at once.
  @Test(arguments: [1.0 as Float, 1e-6, 3e8]) func rowsComeBackWithinHalfPrecision(_ size: Float) {
    let picture = size * randomTensor([1, 11, 5, 3], seed: 1, in: -2...3)
    let image = StripedImage(height: 11, width: 5, channels: 3)
    for rows in [0..<4, 4..<5, 5..<11] { image.append(strip(picture, rows)) }
    for rows in [0..<11, 3..<6, 4..<5, 10..<11] {
      let (back, expected) = (image.rows(rows), strip(picture, rows))
      #expect(back.shape == [1, rows.count, 5, 3])
      for (a, b) in zip(back.values, expected.values) { #expect(abs(a - b) <= abs(b) / 2048 + size * 1e-11) }
    }
    image.release(before: 5)
    #expect(image.rows(5..<11).shape == [1, 6, 5, 3])
  }

  /// Very small and very large numbers, zeros alone, and what is no number.
  @Test func anyNumbersCanBeKept() {
    for values: [Float] in [
      [0, 0, -0.0], [3e38, 1, -3e38], [.leastNonzeroMagnitude, 0, 0],
    ] {
      let most = values.map(abs).max() ?? 0
      let image = StripedImage(height: 1, width: 1, channels: 3)
      image.append(Tensor(shape: [1, 1, 1, 3], values: values))
      for (a, b) in zip(image.tensor.values, values) {
        #expect(abs(a - b) <= abs(b) / 2048 + most * 1e-7 || abs(b) < 1e-37)
      }
    }
    let image = StripedImage(height: 1, width: 1, channels: 3)
    image.append(Tensor(shape: [1, 1, 1, 3], values: [1, .infinity, .nan]))
    let back = image.tensor.values
    #expect(back[0] == 1 && back[1] == .infinity && back[2].isNaN)
  }

  /// Statistics of strips are those of the whole, even where the mean is large.
  @Test func stripsAreNormalisedAsTheWhole() {
    let x = randomTensor([1, 40, 30, 16], seed: 1, in: 4000...4001)
    let norm = GroupNorm(
      groups: 2, eps: 1e-6, weight: randomTensor([16], seed: 2), bias: randomTensor([16], seed: 3))
    let image = StripedImage(height: 40, width: 30, channels: 16)
    for first in stride(from: 0, to: 40, by: 7) { image.append(strip(x, first..<min(first + 7, 40))) }
    let whole = norm(x, silu: true)
    let rows = norm.rows(of: strip(x, 12..<25), statistics: image.statistics, silu: true).tensor
    #expect(relativeError(rows, strip(whole, 12..<25).values.map(Double.init)) < 1e-6)
    #expect(
      relativeError(
        norm.rows(of: x, statistics: StripedImage(x).statistics, silu: true).tensor,
        whole.values.map(Double.init)) < 1e-6)
  }

  @Test func rowsAreDoubled() {
    let x = randomTensor([1, 6, 4, 3], seed: 1)
    let whole = x.nearestRows(height: 12, width: 8).tensor
    #expect(strip(x, 1..<5).doubledRows(3..<10, from: 1).tensor == strip(whole, 3..<10))
  }
}

private func strip(_ picture: Tensor, _ rows: Range<Int>) -> Tensor {
  picture.reshaped(Array(picture.shape.dropFirst())).samples(rows)
    .reshaped([1, rows.count] + picture.shape.dropFirst(2))
}
