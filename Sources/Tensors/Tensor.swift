import Glibc

/// A dense tensor of 32-bit floats in row-major order.
///
/// A value: it never changes once made, so copies and slices share one storage, and threads may read it freely.
package struct Tensor: Sendable {
  /// The size of every axis, outermost first; a scalar has none.
  package let shape: [Int]
  /// The number of elements: the product of `shape`.
  package let count: Int
  private let storage: AlignedStorage
  /// Where in the storage the first element is.
  private let offset: Int

  private init(shape: [Int], count: Int, storage: AlignedStorage, offset: Int) {
    self.shape = shape
    self.count = count
    self.storage = storage
    self.offset = offset
  }

  /// Makes a tensor of `shape` whose elements `initialize` must write, every one: they hold anything before.
  package init(
    shape: [Int], initializing initialize: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) rethrows {
    let count = Self.elementCount(of: shape)
    let storage = AlignedStorage(count: count)
    try initialize(UnsafeMutableBufferPointer(start: storage.elements, count: count))
    self.init(shape: shape, count: count, storage: storage, offset: 0)
  }

  /// Makes a tensor from its elements in row-major order; there must be as many as `shape` holds.
  package init(shape: [Int], values: [Float]) {
    precondition(values.count == Self.elementCount(of: shape), "\(values.count) values for shape \(shape)")
    self.init(shape: shape) { destination in _ = destination.update(from: values) }
  }

  /// A tensor of zeros.
  package static func zeros(_ shape: [Int]) -> Tensor { Tensor(repeating: 0, shape: shape) }

  /// A tensor whose elements are all `value`.
  package init(repeating value: Float, shape: [Int]) {
    self.init(shape: shape) { $0.update(repeating: value) }
  }

  /// Reads the elements in row-major order; the pointer is good inside `body` only.
  package func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafeBufferPointer(start: storage.elements + offset, count: count))
    }
  }

  /// As `withUnsafeBufferPointer`, for kernels, which know the count.
  @inline(__always) package func withUnsafePointer<Result, Failure: Error>(
    _ body: (UnsafePointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(storage) { () throws(Failure) -> Result in
      try body(UnsafePointer(storage.elements + offset))
    }
  }

  /// The elements in row-major order, copied.
  package var values: [Float] { withUnsafeBufferPointer { Array($0) } }

  /// The same elements under another shape of the same count; shares storage.
  package func reshaped(_ shape: [Int]) -> Tensor {
    precondition(Self.elementCount(of: shape) == count, "\(self.shape) cannot be reshaped to \(shape)")
    return Tensor(shape: shape, count: count, storage: storage, offset: offset)
  }

  /// Samples `range` along the first axis: [n, ...] -> [range.count, ...]; shares storage.
  package func samples(_ range: Range<Int>) -> Tensor {
    precondition(!shape.isEmpty && range.lowerBound >= 0 && range.upperBound <= shape[0], "\(range) of \(shape)")
    let stride = shape[0] == 0 ? 0 : count / shape[0]
    return Tensor(
      shape: [range.count] + shape.dropFirst(), count: range.count * stride, storage: storage,
      offset: offset + range.lowerBound * stride)
  }

  /// Sample `index` along the first axis: [n, ...] -> [1, ...]; shares storage.
  package func sample(_ index: Int) -> Tensor { samples(index..<index + 1) }

  /// Joins tensors along the first axis: [a, ...] and [b, ...] -> [a + b, ...].
  package init(concatenating tensors: [Tensor]) {
    precondition(!tensors.isEmpty && tensors.allSatisfy { $0.shape.dropFirst() == tensors[0].shape.dropFirst() })
    let samples = tensors.reduce(0) { $0 + $1.shape[0] }
    self.init(shape: [samples] + tensors[0].shape.dropFirst()) { destination in
      var position = 0
      for tensor in tensors {
        tensor.withUnsafeBufferPointer { source in
          position = destination[position...].update(fromContentsOf: source)
        }
      }
    }
  }

  /// Repeats the whole tensor along the first axis: [n, ...] -> [n * times, ...].
  package func repeated(_ times: Int) -> Tensor {
    times == 1 ? self : Tensor(concatenating: Array(repeating: self, count: times))
  }

  private static func elementCount(of shape: [Int]) -> Int {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative size in shape \(shape)")
    return shape.reduce(1, *)
  }
}

extension Tensor: Equatable {
  /// Whether shapes and all bits are the same.
  package static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.shape == b.shape else { return false }
    return a.withUnsafePointer { x in
      b.withUnsafePointer { y in memcmp(x, y, a.count * MemoryLayout<Float>.size) == 0 }
    }
  }
}

extension Tensor: CustomStringConvertible {
  package var description: String { "Tensor\(shape)" }
}
