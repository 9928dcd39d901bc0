import Testing

import Tensors

@Suite struct TensorTests {
  @Test func slicesShareValues() {
    let tensor = Tensor(shape: [3, 2], values: [1, 2, 3, 4, 5, 6])
    #expect(tensor.sample(1).shape == [1, 2])
    #expect(tensor.sample(1).values == [3, 4])
    #expect(tensor.samples(1..<3).reshaped([4]).values == [3, 4, 5, 6])
  }

  @Test func concatenationFollowsTheFirstAxis() {
    let a = Tensor(shape: [1, 2], values: [1, 2])
    let b = Tensor(shape: [2, 2], values: [3, 4, 5, 6])
    #expect(Tensor(concatenating: [a, b]).shape == [3, 2])
    #expect(Tensor(concatenating: [a, b]).values == [1, 2, 3, 4, 5, 6])
    #expect(a.repeated(2).values == [1, 2, 1, 2])
  }

  @Test func arithmeticRoundsEveryOperation() {
    let x = Tensor(shape: [2], values: [0.1, 3])
    let y = Tensor(shape: [2], values: [0.3, -7])
    #expect(Tensor.combination(0.7, x, -0.2, y).values == [Float(0.7) * 0.1 + Float(-0.2) * 0.3, 0.7 * 3 + -0.2 * -7])
    #expect((x - y).values == [Float(0.1) - 0.3, 10])
    #expect((x / 3).values == [Float(0.1) / 3, 1])
  }

  @Test func layoutsInvertEachOther() {
    let tensor = Tensor(shape: [2, 3, 2, 5], values: (0..<60).map(Float.init))
    #expect(tensor.channelsLast().shape == [2, 2, 5, 3])
    #expect(tensor.channelsLast().values[1] == 10)
    #expect(tensor.channelsLast().channelsFirst().values == tensor.values)
  }

  @Test func channelsJoinPixelByPixel() {
    let a = Tensor(shape: [1, 1, 2, 2], values: [1, 2, 3, 4])
    let b = Tensor(shape: [1, 1, 2, 1], values: [5, 6])
    #expect(a.concatenatingChannels(b).shape == [1, 1, 2, 3])
    #expect(a.concatenatingChannels(b).values == [1, 2, 5, 3, 4, 6])
  }

  @Test func nearestScalingRepeatsPixels() {
    let image = Tensor(shape: [1, 2, 2, 1], values: [1, 2, 3, 4])
    #expect(image.upsampledNearest2x().values == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
    #expect(image.resizedNearest(height: 3, width: 1).values == [1, 1, 3])
  }

  @Test func anyElementMakesATensorNonFinite() {
    for position in [0, 15, 16, 36] {
      for value in [Float.nan, .infinity, -.infinity] {
        var values = [Float](repeating: 1, count: 37)
        values[position] = value
        #expect(!Tensor(shape: [37], values: values).isFinite)
      }
    }
    #expect(Tensor(shape: [37], values: Array(repeating: -3e38, count: 37)).isFinite)
  }

  /// Sizes that reuse each other's memory, taken and given back by several threads.
  @Test func liveTensorsNeverShareMemory() {
    Parallel.forEach(64) { task in
      var live: [(tensor: Tensor, value: Float)] = []
      for step in 0..<30 {
        let value = Float(1000 * task + step)
        live.append((Tensor(repeating: value, shape: [20_000 + 1_000 * (step % 7)]), value))
        if live.count > 4 { live.remove(at: step % 4) }
      }
      #expect(live.allSatisfy { item in item.tensor.values.allSatisfy { $0 == item.value } })
    }
  }

  @Test(arguments: [(rows: 1, columns: 1), (3, 9), (4, 4), (13, 8), (12, 7), (77, 66)])
  func channelsMoveThereAndBack(rows: Int, columns: Int) {
    let image = Tensor(shape: [2, rows, columns, 1], values: (0..<2 * rows * columns).map { Float($0) })
    let last = image.channelsLast()
    #expect(last.shape == [2, columns, 1, rows])
    let expected = (0..<2).flatMap { sample in
      (0..<columns).flatMap { column in
        (0..<rows).map { Float((sample * rows + $0) * columns + column) }
      }
    }
    #expect(last.values == expected)
    #expect(last.channelsFirst() == image)
  }
}
