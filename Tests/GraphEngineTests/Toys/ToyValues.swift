import GraphEngine
import Synchronization

/// A number on a wire.
struct ToyNumber: WireValue, Equatable {
  static let wireType = WireType("number")
  /// A number that is known before it exists.
  typealias Forecast = Int
  var value: Double

  init(_ value: Double) { self.value = value }

  func encoded() throws -> [UInt8] { withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }

  init(decoding bytes: UnsafeRawBufferPointer) throws {
    guard bytes.count == 8 else { throw NodeFailure("a number has 8 bytes") }
    value = Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)))
  }

  var byteCount: Int { 8 }
  var isFinite: Bool { value.isFinite }
}

/// A stand-in for a loaded model.
struct ToyHandle: WireValue {
  static let wireType = WireType("handle", isCacheable: false)
  var part: String
  var load: @Sendable () -> Double

  func encoded() throws -> [UInt8] { throw NodeFailure("a handle has no bytes") }
  init(decoding bytes: UnsafeRawBufferPointer) throws { throw NodeFailure("a handle has no bytes") }

  init(part: String, load: @escaping @Sendable () -> Double) {
    self.part = part
    self.load = load
  }

  var byteCount: Int { 0 }
  var isFinite: Bool { true }
}

/// A value that counts how many of its kind are alive.
struct ToyBulk: WireValue {
  static let wireType = WireType("bulk")

  final class Life: Sendable {
    static let alive = Atomic(0)
    static let most = Atomic(0)

    init() {
      let count = Self.alive.add(1, ordering: .relaxed).newValue
      Self.most.max(count, ordering: .relaxed)
    }

    deinit { Self.alive.subtract(1, ordering: .relaxed) }
  }

  let life = Life()

  init() {}
  init(decoding bytes: UnsafeRawBufferPointer) throws {}
  func encoded() throws -> [UInt8] { [] }
  var byteCount: Int { 0 }
  var isFinite: Bool { true }
}
