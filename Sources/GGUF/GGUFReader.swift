import Tensors
import Weights

/// Tensors and metadata in the GGUF format, versions 2 and 3, read from a memory-mapped file or from bytes in memory.
///
/// Shapes are in PyTorch's order, the outermost dimension first, which GGUF has last.
package final class GGUFReader: TensorFile {
  package let source: String
  package let content: FileContent
  package let tensors: [String: TensorInfo]
  private let header: GGUFHeader

  package init(_ content: FileContent, source: String) throws {
    header = try GGUFHeader(content.bytes, source: source)
    (self.content, self.source, tensors) = (content, source, header.tensors)
  }

  // MARK: - Metadata

  /// The keys of the metadata, in byte order; some files have none.
  package var keys: [String] { header.metadata.keys.sorted(by: byteOrder) }

  package func metadataString(_ key: String) -> String? { try? string(key) }

  /// Whether the metadata has the key.
  package func has(_ key: String) -> Bool { header.metadata[key] != nil }

  /// A string; nil where the key is absent.
  ///
  /// Throws, as all of these do, where the value is of another type.
  package func string(_ key: String) throws -> String? {
    try value(key, "a string") { if case .string(let text) = $0 { text } else { nil } }
  }

  /// An integer of any width; nil where the key is absent.
  package func integer(_ key: String) throws -> Int? {
    try value(key, "an integer") { if case .integer(let number) = $0 { Int(exactly: number) } else { nil } }
  }

  /// A float or an integer; nil where the key is absent.
  package func number(_ key: String) throws -> Double? {
    try value(key, "a number") {
      switch $0 {
      case .integer(let number): Double(number)
      case .float(let number): number
      default: nil
      }
    }
  }

  /// A truth value; nil where the key is absent.
  package func flag(_ key: String) throws -> Bool? {
    try value(key, "a bool") { if case .flag(let flag) = $0 { flag } else { nil } }
  }

  /// An array of strings, such as a vocabulary; nil where the key is absent.
  package func strings(_ key: String) throws -> [String]? {
    try value(key, "an array of strings") { value in
      if case .array(let array) = value { try array.strings(content.bytes, source, key) } else { nil }
    }
  }

  /// An array of integers of any width; nil where the key is absent.
  package func integers(_ key: String) throws -> [Int]? {
    try value(key, "an array of integers") { value in
      guard case .array(let array) = value else { return nil }
      return try array.integers(content.bytes, source, key)?.map { Int($0) }
    }
  }

  /// An array of floats, such as the scores of tokens; nil where the key is absent.
  package func floats(_ key: String) throws -> [Float]? {
    try value(key, "an array of floats") { value in
      if case .array(let array) = value { try array.floats(content.bytes, source, key) } else { nil }
    }
  }

  private func value<Value>(
    _ key: String, _ expected: String, _ convert: (GGUFValue) throws -> Value?
  ) throws -> Value? {
    guard let value = header.metadata[key] else { return nil }
    guard let converted = try convert(value) else {
      throw WeightFileError("\(source): '\(key)' is \(value.kind); \(expected) was expected")
    }
    return converted
  }
}

extension GGUFArray {
  /// Calls `body` for every element; the header's reading has checked that they are there.
  private func map<Element>(
    _ bytes: UnsafeRawBufferPointer, _ source: String, _ key: String, _ body: (GGUFValue) -> Element?
  ) throws -> [Element]? {
    var cursor = GGUFCursor(bytes, at: start, source: source)
    var all: [Element] = []
    all.reserveCapacity(count)
    for _ in 0..<count {
      guard let element = body(try cursor.value(elements, key, depth: 1)) else { return nil }
      all.append(element)
    }
    return all
  }

  func strings(_ bytes: UnsafeRawBufferPointer, _ source: String, _ key: String) throws -> [String]? {
    try map(bytes, source, key) { if case .string(let text) = $0 { text } else { nil } }
  }

  func integers(_ bytes: UnsafeRawBufferPointer, _ source: String, _ key: String) throws -> [Int64]? {
    try map(bytes, source, key) { if case .integer(let number) = $0 { number } else { nil } }
  }

  func floats(_ bytes: UnsafeRawBufferPointer, _ source: String, _ key: String) throws -> [Float]? {
    try map(bytes, source, key) { if case .float(let number) = $0 { Float(number) } else { nil } }
  }
}
