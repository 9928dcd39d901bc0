// Loops over elements that do not depend on each other, cut into tiles for several threads.

private let elementsPerTile = 32 << 10

extension Tensor {
  /// A tensor of this shape with `transform` applied to every element.
  @inline(__always) func mapped(_ transform: (Vector) -> Vector) -> Tensor {
    Profile.measure(.other, Profile.Work(floats: 2 * count)) {
      Tensor(shape: shape) { z in
        guard let z = z.baseAddress else { return }
        withUnsafePointer { x in
          forEachTile(count) { range in
            forEachVector(range) { i in
              transform(Vector(loading: x + i)).store(to: z + i)
            } tail: { i, lanes in
              transform(Vector(loading: x + i, count: lanes)).store(to: z + i, count: lanes)
            }
          }
        }
      }
    }
  }

  /// A tensor with `transform` applied to every pair of elements of two tensors of one shape.
  @inline(__always) static func zipped(_ x: Tensor, _ y: Tensor, _ transform: (Vector, Vector) -> Vector) -> Tensor {
    precondition(x.shape == y.shape, "shapes \(x.shape) and \(y.shape) differ")
    return Tensor(shape: x.shape) { z in
      guard let z = z.baseAddress else { return }
      x.withUnsafePointer { px in
        y.withUnsafePointer { py in
          forEachTile(x.count) { range in
            forEachVector(range) { i in
              transform(Vector(loading: px + i), Vector(loading: py + i)).store(to: z + i)
            } tail: { i, lanes in
              transform(Vector(loading: px + i, count: lanes), Vector(loading: py + i, count: lanes))
                .store(to: z + i, count: lanes)
            }
          }
        }
      }
    }
  }
}

extension Tensor {
  /// `w_0 x_0 + w_1 x_1 + ...` in one pass over all terms, summed from the first to the last; at least one term.
  package static func weightedSum(_ terms: [(weight: Float, tensor: Tensor)]) -> Tensor {
    precondition(!terms.isEmpty, "a sum of no terms has no shape")
    let shape = terms[0].tensor.shape
    precondition(terms.allSatisfy { $0.tensor.shape == shape }, "shapes differ: \(terms.map(\.tensor.shape))")
    return Tensor(shape: shape) { z in
      guard let target = z.baseAddress else { return }
      withPointers(terms.map(\.tensor)[...]) { x in
        let factors = zip(terms.map(\.weight), x)
        forEachTile(z.count) { range in
          forEachVector(range) { i in
            var sum = Vector.zero
            for (weight, x) in factors { sum += weight * Vector(loading: x + i) }
            sum.store(to: target + i)
          } tail: { i, lanes in
            var sum = Vector.zero
            for (weight, x) in factors { sum += weight * Vector(loading: x + i, count: lanes) }
            sum.store(to: target + i, count: lanes)
          }
        }
      }
    }
  }
}

/// The elements of several tensors at once; the pointers are good inside `body` only.
private func withPointers(
  _ tensors: ArraySlice<Tensor>, after gathered: [UnsafePointer<Float>] = [],
  _ body: ([UnsafePointer<Float>]) -> Void
) {
  guard let first = tensors.first else { return body(gathered) }
  first.withUnsafePointer { withPointers(tensors.dropFirst(), after: gathered + [$0], body) }
}

private func forEachTile(_ count: Int, _ body: (Range<Int>) -> Void) {
  Parallel.forEach((count + elementsPerTile - 1) / elementsPerTile) { tile in
    body(tile * elementsPerTile..<min((tile + 1) * elementsPerTile, count))
  }
}

/// Calls `body` for every whole vector of `range` and `tail` for what is left, with its number of lanes.
@inline(__always) func forEachVector(_ range: Range<Int>, _ body: (Int) -> Void, tail: (Int, Int) -> Void) {
  var i = range.lowerBound
  while i + Vector.scalarCount <= range.upperBound {
    body(i)
    i += Vector.scalarCount
  }
  if i < range.upperBound { tail(i, range.upperBound - i) }
}
