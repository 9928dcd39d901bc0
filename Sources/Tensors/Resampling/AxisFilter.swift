/// How the samples along one axis are made of those of another length: each a weighted sum of neighbours.
///
/// All that resizes a picture or a latent along rows, then columns, is such a table.
package struct AxisFilter: Sendable, Equatable {
  /// The length of the axis that is read.
  package let inputs: Int
  /// For each output the first sample that it reads.
  let starts: [Int]
  /// For each output where its weights begin, and at the end how many there are.
  let offsets: [Int]
  let weights: [Float]

  package var outputs: Int { starts.count }

  /// A table from what each output is made of: the place of its first sample, and the weights from there on.
  init(inputs: Int, taps: [(start: Int, weights: [Float])]) {
    self.inputs = inputs
    starts = taps.map(\.start)
    weights = taps.flatMap(\.weights)
    offsets = taps.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.weights.count) }
  }

  /// A table where each output is one of the samples.
  init(inputs: Int, choosing places: [Int]) {
    self.init(inputs: inputs, taps: places.map { ($0, [1]) })
  }

  /// Whether every output is the sample of its own place.
  fileprivate var isIdentity: Bool {
    outputs == inputs
      && (0..<outputs).allSatisfy { place in
        (offsets[place]..<offsets[place + 1]).allSatisfy {
          weights[$0] == (starts[place] + $0 - offsets[place] == place ? 1 : 0)
        }
      }
  }
}

extension Tensor {
  /// Resizes along the last axis: [n, c, h, w] -> [n, c, h, outputs].
  package func resampledColumns(_ filter: AxisFilter) -> Tensor {
    precondition(shape.count == 4 && shape[3] == filter.inputs, "\(filter.inputs) columns of \(shape)")
    if filter.isIdentity { return self }
    let (rows, width) = (shape[0] * shape[1] * shape[2], filter.outputs)
    return Tensor(shape: Array(shape.dropLast()) + [width]) { target in
      guard let target = target.baseAddress else { return }
      withUnsafePointer { source in
        filter.withPointers { starts, offsets, weights in
          Parallel.forEach(rows) { row in
            let (from, to) = (source + row * filter.inputs, target + row * width)
            for column in 0..<width {
              let (first, samples) = (offsets[column], from + starts[column])
              var sum: Float = 0
              for tap in first..<offsets[column + 1] { sum += weights[tap] * samples[tap - first] }
              to[column] = sum
            }
          }
        }
      }
    }
  }

  /// Resizes along the axis before the last: [n, c, h, w] -> [n, c, outputs, w].
  package func resampledRows(_ filter: AxisFilter) -> Tensor {
    precondition(shape.count == 4 && shape[2] == filter.inputs, "\(filter.inputs) rows of \(shape)")
    if filter.isIdentity { return self }
    let (planes, height, width) = (shape[0] * shape[1], filter.outputs, shape[3])
    return Tensor(shape: [shape[0], shape[1], height, width]) { target in
      guard let target = target.baseAddress else { return }
      withUnsafePointer { source in
        filter.withPointers { starts, offsets, weights in
          Parallel.forEach(planes * height) { place in
            let (plane, row) = (place / height, place % height)
            let to = target + place * width
            for column in 0..<width { to[column] = 0 }
            for tap in offsets[row]..<offsets[row + 1] {
              let (weight, from) = (
                weights[tap], source + (plane * filter.inputs + starts[row] + tap - offsets[row]) * width
              )
              for column in 0..<width { to[column] += weight * from[column] }
            }
          }
        }
      }
    }
  }
}

extension AxisFilter {
  fileprivate func withPointers(
    _ body: (UnsafePointer<Int>, UnsafePointer<Int>, UnsafePointer<Float>) -> Void
  ) {
    starts.withUnsafeBufferPointer { starts in
      offsets.withUnsafeBufferPointer { offsets in
        weights.withUnsafeBufferPointer { weights in
          guard let starts = starts.baseAddress, let offsets = offsets.baseAddress, let weights = weights.baseAddress
          else { return }
          body(starts, offsets, weights)
        }
      }
    }
  }
}
