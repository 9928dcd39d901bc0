import Weights

/// Reads a GGUF header from its beginning to its end, every number checked against what is left of the file.
struct GGUFCursor {
  let bytes: UnsafeRawBufferPointer
  let source: String
  private(set) var position: Int

  init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0, source: String) {
    (self.bytes, self.position, self.source) = (bytes, position, source)
  }

  var left: Int { bytes.count - position }

  /// Passes over `count` bytes, and says where they are.
  mutating func take(_ count: Int, _ what: @autoclosure () -> String) throws -> Range<Int> {
    guard count >= 0, count <= left else {
      throw WeightFileError("\(source): truncated: the file ends at byte \(bytes.count), within \(what())")
    }
    position += count
    return position - count..<position
  }

  mutating func number<Number: FixedWidthInteger>(
    _ what: @autoclosure () -> String, as type: Number.Type = Number.self
  ) throws -> Number {
    let range = try take(MemoryLayout<Number>.size, what())
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: type))
  }

  /// How many of something follow, each of at least `bytesEach`.
  mutating func count(of what: @autoclosure () -> String, bytesEach: Int) throws -> Int {
    let stated: UInt64 = try number("the number of \(what())")
    guard stated <= UInt64(left / bytesEach) else {
      throw WeightFileError(
        "\(source): truncated or malformed: \(stated) \(what()) are announced, and \(left) bytes are left")
    }
    return Int(stated)
  }

  mutating func string(_ what: @autoclosure () -> String) throws -> String {
    let length = try count(of: "bytes of \(what())", bytesEach: 1)
    let range = try take(length, what())
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw WeightFileError("\(source): \(what()) is not UTF-8")
    }
    return text
  }

  /// A value, of which arrays are left where they are.
  mutating func value(_ key: String) throws -> GGUFValue { try value(try valueType(key), key, depth: 0) }

  private mutating func valueType(_ key: String) throws -> GGUFValueType {
    let number: UInt32 = try number("the type of '\(key)'")
    guard let type = GGUFValueType(rawValue: number) else {
      throw WeightFileError("\(source): malformed metadata: '\(key)' has the unknown type \(number); 0 to 12 are known")
    }
    return type
  }

  /// Arrays within arrays beyond this are no metadata.
  private static let deepest = 4

  mutating func value(_ type: GGUFValueType, _ key: String, depth: Int) throws -> GGUFValue {
    let what = "the value of '\(key)'"
    switch type {
    case .uint8: return .integer(Int64(try number(what, as: UInt8.self)))
    case .int8: return .integer(Int64(try number(what, as: Int8.self)))
    case .uint16: return .integer(Int64(try number(what, as: UInt16.self)))
    case .int16: return .integer(Int64(try number(what, as: Int16.self)))
    case .uint32: return .integer(Int64(try number(what, as: UInt32.self)))
    case .int32: return .integer(Int64(try number(what, as: Int32.self)))
    case .int64: return .integer(try number(what, as: Int64.self))
    case .uint64:
      let stated = try number(what, as: UInt64.self)
      // Beyond, it is no size or token that anyone asks for.
      return Int64(exactly: stated).map { .integer($0) } ?? .float(Double(stated))
    case .float32: return .float(Double(Float(bitPattern: try number(what))))
    case .float64: return .float(Double(bitPattern: try number(what)))
    case .bool: return .flag(try number(what, as: UInt8.self) != 0)
    case .string: return .string(try string(what))
    case .array:
      guard depth < Self.deepest else {
        throw WeightFileError("\(source): malformed metadata: '\(key)' has arrays within arrays, \(depth) deep")
      }
      let elements = try valueType(key)
      // A string is at least its length, an array its type and length.
      let least = elements.byteCount ?? (elements == .string ? 8 : 12)
      let count = try count(of: "elements of '\(key)'", bytesEach: least)
      let start = position
      if let each = elements.byteCount {
        _ = try take(count * each, what)
      } else if elements == .string {
        for _ in 0..<count { _ = try take(try self.count(of: "bytes of \(what)", bytesEach: 1), what) }
      } else {
        for _ in 0..<count { _ = try value(.array, key, depth: depth + 1) }
      }
      return .array(GGUFArray(elements: elements, count: count, start: start))
    }
  }
}

/// A value in a file's metadata.
enum GGUFValue {
  case integer(Int64)
  case float(Double)
  case flag(Bool)
  case string(String)
  case array(GGUFArray)

  var kind: String {
    switch self {
    case .integer: "an integer"
    case .float: "a float"
    case .flag: "a bool"
    case .string: "a string"
    case .array(let array): "an array of \(array.elements.plural)"
    }
  }
}

/// An array in a file's metadata, which may be the vocabulary of a tokenizer: it is read when it is asked for.
struct GGUFArray {
  let elements: GGUFValueType
  let count: Int
  /// Where its first element is in the file.
  let start: Int
}
