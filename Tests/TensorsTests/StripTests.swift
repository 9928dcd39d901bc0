import Tensors
import Testing

/// Images worked out in strips of rows.
struct StripTests {
  @Test func convolutionsInStripsGiveTheBitsOfTheWhole() {
    let channels = 64
    let first = Conv2d(weight: randomTensor([channels, channels, 3, 3], seed: 1), padding: 1)
    let second = Conv2d(weight: randomTensor([3, channels, 3, 3], seed: 2), padding: 1)
    var strips = 0
    func network(_ x: Tensor) -> Tensor {
      strips += 1
      return second(first(x.nearestRows(height: 2 * x.shape[1], width: 2 * x.shape[2])))
    }
    for height in [41, 64] {
      let image = randomTensor([2, height, 24, channels], seed: 3)
      let whole = network(image)
      strips = 0
      let made = image.mappedInStrips(rows: 16, margin: 8, channels: 3, scale: 2, network)
      #expect(strips == 2 * ((height + 15) / 16))
      #expect(made.shape == whole.shape)
      // OpenBLAS may sum in another order for another number of rows, and two layers are as far off as Winograd's method is.
      if Numerics.identifier.contains("OpenBLAS") {
        #expect(relativeError(made, whole.values.map(Double.init)) < 4e-6)
      } else {
        #expect(made.values == whole.values)
      }
    }
  }

  @Test func whatIsHardlyLargerThanAStripIsOne() {
    var strips = 0
    let image = randomTensor([2, 24, 5, 3], seed: 1)
    let made = image.mappedInStrips(rows: 16, margin: 8, channels: 3, scale: 1) { x in
      strips += 1
      return x
    }
    #expect(strips == 1)
    #expect(made.values == image.values)
  }
}
