import GraphEngine
import Safetensors
import Tensors

/// A value on a wire that is a tensor and a few words about it.
///
/// In the cache it is a safetensors file with the tensor as `tensor` and the words as metadata, so that any tool that
/// reads safetensors can look at an intermediate result.
protocol TensorValue: WireValue {
  var tensor: Tensor { get }
  var metadata: [String: String] { get }
  /// Whether `tensor` is all of the value.
  var isOneTensor: Bool { get }

  init(tensor: Tensor, metadata: [String: String])
}

extension TensorValue {
  var isOneTensor: Bool { true }
  package var byteCount: Int { tensor.count * MemoryLayout<Float>.size }
  package var isFinite: Bool { tensor.isFinite }

  package func encoded() throws -> [UInt8] {
    var file = SafetensorsWriter(metadata: metadata)
    file.add("tensor", tensor)
    return file.bytes()
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    let file = try SafetensorsReader(borrowing: bytes, source: "a cached \(Self.wireType.name)")
    try self.init(tensor: file.tensor("tensor"), metadata: file.metadata)
  }

  /// A plain tensor may stand for any tensor of the same number of axes, and any tensor for a plain one.
  package static func converting(_ other: any WireValue) throws -> Self { try converted(other) }

  static func converted(_ other: any WireValue) throws -> Self {
    if let same = other as? Self { return same }
    guard let other = other as? any TensorValue else {
      throw NodeFailure("a value of type '\(type(of: other).wireType.name)' cannot feed '\(wireType.name)'")
    }
    guard other.isOneTensor else {
      throw NodeFailure("a value of type '\(type(of: other).wireType.name)' that joins several is no single tensor")
    }
    if other.tensor.count == 0 {
      throw NodeFailure("a tensor of shape \(other.tensor.shape) holds no values")
    }
    if let pattern = wireType.shape, !fits(other.tensor.shape, pattern) {
      throw NodeFailure(
        "a tensor of shape \(other.tensor.shape) was wired to a port of type '\(wireType.name)'; "
          + "expected [\(pattern.joined(separator: ", "))]")
    }
    // What a plain tensor says of itself is that of the value it was made of.
    let isKept = Self.self == PlainTensor.self || other is PlainTensor
    return Self(tensor: other.tensor, metadata: isKept ? other.metadata : [:])
  }

  /// Whether a shape has as many axes as the pattern, and its numbers where it has numbers.
  private static func fits(_ shape: [Int], _ pattern: [String]) -> Bool {
    shape.count == pattern.count
      && zip(shape, pattern).allSatisfy { size, expected in Int(expected).map { $0 == size } ?? true }
  }
}

/// A tensor that says nothing of itself: what LoadTensor reads and SaveTensor writes.
package struct PlainTensor: TensorValue {
  package static let wireType = WireType("tensor", isUniversalTensor: true)

  package let tensor: Tensor
  let metadata: [String: String]
  /// Of the states of a conditioning the vector for the whole text, [n, p], so that they can be one again.
  package private(set) var pooled: Tensor?

  init(tensor: Tensor, metadata: [String: String]) { (self.tensor, self.metadata) = (tensor, metadata) }

  init(tensor: Tensor, metadata: [String: String], pooled: Tensor?) {
    (self.tensor, self.metadata, self.pooled) = (tensor, metadata, pooled)
  }

  package static func converting(_ other: any WireValue) throws -> PlainTensor {
    let plain = try converted(other)
    guard let pooled = (other as? Conditioning)?.pooled else { return plain }
    return PlainTensor(tensor: plain.tensor, metadata: plain.metadata, pooled: pooled)
  }

  package var byteCount: Int { (tensor.count + (pooled?.count ?? 0)) * MemoryLayout<Float>.size }
  package var isFinite: Bool { tensor.isFinite && pooled?.isFinite ?? true }

  package func encoded() throws -> [UInt8] {
    var file = SafetensorsWriter(metadata: metadata)
    file.add("tensor", tensor)
    if let pooled { file.add("pooled", pooled) }
    return file.bytes()
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    let file = try SafetensorsReader(borrowing: bytes, source: "a cached tensor")
    self.init(
      tensor: try file.tensor("tensor"), metadata: file.metadata,
      pooled: file.info("pooled") == nil ? nil : try file.tensor("pooled"))
  }
}
