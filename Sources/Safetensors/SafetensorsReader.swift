import Tensors

/// Tensors in the safetensors format, read from a memory-mapped file or from bytes in memory.
///
/// Opening checks the whole header, so no later access can leave the data. A tensor is converted to f32 when it is asked for.
package final class SafetensorsReader: @unchecked Sendable {
  /// The file's path, or the name given to the bytes: errors begin with it.
  package let source: String

  private let header: SafetensorsHeader
  private let file: MappedFile?
  private let bytes: UnsafeRawBufferPointer

  /// Maps the file at `path`.
  ///
  /// Throws when it cannot be read or is malformed.
  package init(path: String) throws {
    let file = try MappedFile(path: path)
    header = try SafetensorsHeader(file.bytes, source: path)
    source = path
    bytes = file.bytes
    self.file = file
  }

  /// Reads from `bytes`, which must outlive the reader; `source` names them in errors.
  ///
  /// Throws when they are malformed.
  package init(borrowing bytes: UnsafeRawBufferPointer, source: String) throws {
    header = try SafetensorsHeader(bytes, source: source)
    self.source = source
    self.bytes = bytes
    file = nil
  }

  /// The strings of `__metadata__`.
  package var metadata: [String: String] { header.metadata }

  /// Names in byte order.
  package var names: [String] { header.tensors.keys.sorted(by: byteOrder) }

  /// Type, shape and place of a tensor; nil when there is none of this name.
  package func info(_ name: String) -> TensorInfo? { header.tensors[name] }

  /// Calls `body` with a tensor's stored bytes.
  ///
  /// Throws when there is no such tensor.
  package func withBytes<Result>(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try body(UnsafeRawBufferPointer(rebasing: bytes[existing(name).range]))
  }

  /// The one number of a tensor, of any type but bool; nil when there are more or none.
  ///
  /// Throws when there is no such tensor.
  package func number(_ name: String) throws -> Double? {
    let info = try existing(name)
    guard info.count == 1 else { return nil }
    func load<Number>(_ type: Number.Type) throws -> Number { try withBytes(name) { $0.loadUnaligned(as: type) } }
    switch info.dtype {
    case .f64: return try load(Double.self)
    case .u8: return Double(try load(UInt8.self))
    case .i8: return Double(try load(Int8.self))
    case .u16: return Double(try load(UInt16.self))
    case .i16: return Double(try load(Int16.self))
    case .u32: return Double(try load(UInt32.self))
    case .i32: return Double(try load(Int32.self))
    case .u64: return Double(try load(UInt64.self))
    case .i64: return Double(try load(Int64.self))
    default: return info.dtype.isFloat ? try tensor(name).values.first.map { Double($0) } : nil
    }
  }

  /// A whole tensor as f32.
  ///
  /// Throws when there is no such tensor or it holds no floats of 8, 16 or 32 bits.
  package func tensor(_ name: String) throws -> Tensor {
    let info = try existing(name)
    return try Tensor(shape: info.shape) { try readFloats(name, elements: 0..<$0.count, into: $0) }
  }

  /// Converts elements of a tensor, counted in row-major order, to f32 into `target`, which holds as many.
  ///
  /// Throws when there is no such tensor or it holds no floats of 8, 16 or 32 bits.
  package func readFloats(
    _ name: String, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    let (range, dtype) = try place(name, elements: elements, into: target)
    convert(UnsafeRawBufferPointer(rebasing: bytes[range]), dtype, into: target)
  }

  /// As `readFloats`, but from a file as it is now: for what is read long after it was opened.
  ///
  /// Throws also when the file has become shorter, which would end the process if its mapping were read.
  package func readFloatsAnew(
    _ name: String, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard let file else { return try readFloats(name, elements: elements, into: target) }
    let (range, dtype) = try place(name, elements: elements, into: target)
    try file.read(range).withUnsafeBytes { convert($0, dtype, into: target) }
  }

  /// The bytes of some elements, after checking that they can become floats.
  private func place(
    _ name: String, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws -> (Range<Int>, DType) {
    let info = try existing(name)
    precondition(
      elements.count == target.count && elements.upperBound <= info.count,
      "\(elements) of \(info.shape) into \(target.count) floats")
    guard info.dtype.isFloat else {
      throw SafetensorsError("\(source): tensor '\(name)' is \(info.dtype.rawValue); F32, F16, BF16 or F8 was expected")
    }
    let size = info.dtype.bitCount / 8
    let first = info.range.lowerBound + elements.lowerBound * size
    return (first..<first + elements.count * size, info.dtype)
  }

  private func convert(
    _ bytes: UnsafeRawBufferPointer, _ dtype: DType, into target: UnsafeMutableBufferPointer<Float>
  ) {
    guard let data = bytes.baseAddress, let floats = target.baseAddress else { return }
    switch dtype {
    case .f16: HalfPrecision.widenF16(data, to: floats, count: target.count)
    case .bf16: HalfPrecision.widenBF16(data, to: floats, count: target.count)
    case .f8e4m3: Float8.widen(data, Float8.e4m3, to: floats, count: target.count)
    case .f8e5m2: Float8.widen(data, Float8.e5m2, to: floats, count: target.count)
    default: UnsafeMutableRawPointer(floats).copyMemory(from: data, byteCount: bytes.count)
    }
  }

  /// Gives back the memory that holds a mapped tensor; reading it again fetches it from the file.
  package func release(_ name: String) {
    if let range = header.tensors[name]?.range { file?.release(range) }
  }

  private func existing(_ name: String) throws -> TensorInfo {
    if let info = header.tensors[name] { return info }
    let hint = nearestWeightName(to: name, among: header.tensors.keys).map { "; the nearest name is '\($0)'" } ?? ""
    throw SafetensorsError("\(source): has no tensor '\(name)'\(hint)")
  }
}

/// The order of the names' UTF-8 bytes, which no locale or Unicode version changes.
func byteOrder(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
