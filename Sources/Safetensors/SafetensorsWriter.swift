import Tensors

/// Writes the safetensors format: the same tensors always give the same bytes.
///
/// Tensors go in the order of the reference implementation, wide types first and then by name, and the header is padded
/// to a multiple of 8, so that every tensor lies aligned to its elements. Metadata keys are sorted.
package struct SafetensorsWriter {
  private struct Entry {
    let name: String
    let dtype: DType
    let shape: [Int]
    let byteCount: Int
    let write: (UnsafeMutableRawBufferPointer) -> Void
  }

  package var metadata: [String: String]
  private var entries: [Entry] = []

  package init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a tensor given by its bytes, as many as type and shape take.
  ///
  /// Names must differ, and none is `__metadata__`.
  package mutating func add(_ name: String, _ dtype: DType, shape: [Int], bytes: [UInt8]) {
    precondition(dtype.byteCount(shape: shape) == bytes.count, "the bytes do not fill the shape")
    add(name, dtype, shape: shape) { $0.copyBytes(from: bytes) }
  }

  /// Adds a tensor of floats, stored as `dtype`: f32, f16 or bf16.
  package mutating func add(_ name: String, _ tensor: Tensor, as dtype: DType = .f32) {
    switch dtype {
    case .f32:
      add(name, dtype, shape: tensor.shape) { target in
        tensor.withUnsafeBufferPointer { target.copyMemory(from: UnsafeRawBufferPointer($0)) }
      }
    case .f16: addNarrowed(name, tensor, dtype, HalfPrecision.narrowF16)
    case .bf16: addNarrowed(name, tensor, dtype, HalfPrecision.narrowBF16)
    default: preconditionFailure("floats are stored as f32, f16 or bf16")
    }
  }

  private mutating func addNarrowed(
    _ name: String, _ tensor: Tensor, _ dtype: DType, _ narrow: @escaping (Float) -> UInt16
  ) {
    add(name, dtype, shape: tensor.shape) { target in
      tensor.withUnsafeBufferPointer { floats in
        for (index, value) in floats.enumerated() {
          target.storeBytes(of: narrow(value).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        }
      }
    }
  }

  private mutating func add(
    _ name: String, _ dtype: DType, shape: [Int], write: @escaping (UnsafeMutableRawBufferPointer) -> Void
  ) {
    precondition(name != "__metadata__" && !entries.contains { $0.name == name }, "the name '\(name)' is taken")
    guard let byteCount = dtype.byteCount(shape: shape) else { preconditionFailure("the shape \(shape) is too large") }
    entries.append(Entry(name: name, dtype: dtype, shape: shape, byteCount: byteCount, write: write))
  }

  /// The whole file as bytes.
  package func bytes() -> [UInt8] {
    let entries = entries.sorted { a, b in
      a.dtype == b.dtype ? byteOrder(a.name, b.name) : a.dtype.rank > b.dtype.rank
    }
    let header = header(of: entries)
    let total = entries.reduce(8 + header.count) { $0 + $1.byteCount }
    return [UInt8](unsafeUninitializedCapacity: total) { buffer, initialized in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      raw.storeBytes(of: UInt64(header.count).littleEndian, as: UInt64.self)
      UnsafeMutableRawBufferPointer(rebasing: raw[8...]).copyBytes(from: header)
      var offset = 8 + header.count
      for entry in entries {
        entry.write(UnsafeMutableRawBufferPointer(rebasing: raw[offset..<offset + entry.byteCount]))
        offset += entry.byteCount
      }
      initialized = total
    }
  }

  private func header(of entries: [Entry]) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { byteOrder($0.key, $1.key) }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      members.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for entry in entries {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      let end = offset + entry.byteCount
      members.append(
        "\(quoted(entry.name)):{\"dtype\":\"\(entry.dtype.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
      )
      offset = end
    }
    let json = Array("{\(members.joined(separator: ","))}".utf8)
    return json + [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{8}": result += "\\b"
      case "\u{C}": result += "\\f"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
