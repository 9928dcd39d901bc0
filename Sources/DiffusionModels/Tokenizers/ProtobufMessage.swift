/// The fields of a message in protocol buffers' encoding.
struct ProtobufMessage {
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    case bytes(ArraySlice<UInt8>)
  }

  struct Field {
    let number: UInt64
    let value: Value
  }

  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// Calls `body` with each field in the order of the bytes; false where these end in the middle of one or are no message.
  func forEachField(_ body: (Field) throws -> Void) rethrows -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      guard let key = Self.varint(&rest), let value = Self.value(kind: key & 7, &rest) else { return false }
      try body(Field(number: key >> 3, value: value))
    }
    return true
  }

  private static func value(kind: UInt64, _ rest: inout ArraySlice<UInt8>) -> Value? {
    switch kind {
    case 0: return varint(&rest).map(Value.varint)
    case 1: return fixed(8, &rest).map(Value.fixed64)
    case 2:
      guard let count = varint(&rest), count <= rest.count else { return nil }
      defer { rest = rest.dropFirst(Int(count)) }
      return .bytes(rest.prefix(Int(count)))
    case 5: return fixed(4, &rest).map { .fixed32(UInt32(truncatingIfNeeded: $0)) }
    default: return nil
    }
  }

  /// Seven bits a byte, the lowest first.
  private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0 as UInt64, to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func fixed(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> UInt64? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
