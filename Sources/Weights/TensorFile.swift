import Tensors

/// Named tensors in a file, whichever format the file has.
///
/// A reader checks the whole header when it opens a file, so no later access can leave the data. Numbers are converted to
/// f32 when they are asked for.
package protocol TensorFile: AnyObject, Sendable {
  /// The file's path, or the name given to the bytes: errors begin with it.
  var source: String { get }
  /// Every tensor by its name, its bytes within `content`.
  var tensors: [String: TensorInfo] { get }
  var content: FileContent { get }
  /// A string of the file's metadata; nil where it has none of this key.
  func metadataString(_ key: String) -> String?
  /// Reads what `source` names; throws when it is malformed.
  init(_ content: FileContent, source: String) throws
}

extension TensorFile {
  /// Maps the file at `path`.
  ///
  /// Throws when it cannot be read or is malformed.
  package init(path: String) throws { try self.init(FileContent(path: path), source: path) }

  /// Reads from `bytes`, which must outlive the reader; `source` names them in errors.
  ///
  /// Throws when they are malformed.
  package init(borrowing bytes: UnsafeRawBufferPointer, source: String) throws {
    try self.init(FileContent(borrowing: bytes), source: source)
  }
}

/// Format, shape and place of one tensor in a file.
package struct TensorInfo: Sendable, Equatable {
  /// How the numbers are stored; nil for those that are no weights, such as integers.
  package let format: WeightFormat?
  /// What the file's format calls that.
  package let formatName: String
  /// The shape as PyTorch names it, outermost first.
  package let shape: [Int]
  /// The bytes it takes, counted from the beginning of the file.
  package let range: Range<Int>

  /// The dimensions of `shape` but zeros must have a product within Int, and `range` the bytes that the numbers take.
  package init(format: WeightFormat?, formatName: String, shape: [Int], range: Range<Int>) {
    (self.format, self.formatName, self.shape, self.range) = (format, formatName, shape, range)
  }

  /// The number of elements.
  package var count: Int { shape.reduce(1, *) }
}

extension TensorFile {
  /// Names in byte order.
  package var names: [String] { tensors.keys.sorted(by: byteOrder) }

  /// Format, shape and place of a tensor; nil when there is none of this name.
  package func info(_ name: String) -> TensorInfo? { tensors[name] }

  /// Calls `body` with a tensor's stored bytes.
  ///
  /// Throws when there is no such tensor.
  package func withBytes<Result>(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result {
    try body(UnsafeRawBufferPointer(rebasing: content.bytes[existing(name).range]))
  }

  /// The one number of a tensor, of any common format; nil when there are more or none.
  ///
  /// Throws when there is no such tensor.
  package func number(_ name: String) throws -> Double? {
    let info = try existing(name)
    guard info.count == 1 else { return nil }
    func load<Number>(_ type: Number.Type) throws -> Number { try withBytes(name) { $0.loadUnaligned(as: type) } }
    switch info.formatName {
    case "F64": return try load(Double.self)
    case "U8": return Double(try load(UInt8.self))
    case "I8": return Double(try load(Int8.self))
    case "U16": return Double(try load(UInt16.self))
    case "I16": return Double(try load(Int16.self))
    case "U32": return Double(try load(UInt32.self))
    case "I32": return Double(try load(Int32.self))
    case "U64": return Double(try load(UInt64.self))
    case "I64": return Double(try load(Int64.self))
    default: return info.format == nil ? nil : try tensor(name).values.first.map { Double($0) }
    }
  }

  /// A whole tensor as f32.
  ///
  /// Throws when there is no such tensor or it holds no weights.
  package func tensor(_ name: String) throws -> Tensor {
    let info = try existing(name)
    return try Tensor(shape: info.shape) { try readFloats(name, elements: 0..<$0.count, into: $0) }
  }

  /// Converts elements of a tensor, counted in row-major order, to f32 into `target`, which holds as many.
  ///
  /// Throws when there is no such tensor or it holds no weights.
  package func readFloats(
    _ name: String, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    let (info, format) = try place(name, elements: elements, into: target)
    guard let floats = target.baseAddress, let data = content.bytes.baseAddress else { return }
    format.widen(data + info.range.lowerBound, elements, to: floats)
  }

  /// As `readFloats`, but from a file as it is now: for what is read long after it was opened.
  ///
  /// Throws also when the file has become shorter, which would end the process if its mapping were read.
  package func readFloatsAnew(
    _ name: String, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    let (info, format) = try place(name, elements: elements, into: target)
    let firstBlock = elements.lowerBound / format.blockSize
    let endBlock = (elements.upperBound + format.blockSize - 1) / format.blockSize
    let start = info.range.lowerBound
    try content.readAnew(start + firstBlock * format.blockBytes..<start + endBlock * format.blockBytes) { bytes in
      guard let floats = target.baseAddress, let data = bytes.baseAddress else { return }
      let skipped = firstBlock * format.blockSize
      format.widen(data, elements.lowerBound - skipped..<elements.upperBound - skipped, to: floats)
    }
  }

  /// Gives back the memory that holds a mapped tensor; reading it again fetches it from the file.
  package func release(_ name: String) {
    if let range = tensors[name]?.range { content.release(range) }
  }

  /// A tensor, after checking that the elements can become floats.
  private func place(
    _ name: String, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws -> (TensorInfo, WeightFormat) {
    let info = try existing(name)
    precondition(
      elements.count == target.count && elements.lowerBound >= 0 && elements.upperBound <= info.count,
      "\(elements) of \(info.shape) into \(target.count) floats")
    guard let format = info.format else {
      throw WeightFileError(
        "\(source): tensor '\(name)' is \(info.formatName); F32, F16, BF16 or F8 was expected")
    }
    return (info, format)
  }

  private func existing(_ name: String) throws -> TensorInfo {
    if let info = tensors[name] { return info }
    let hint = nearestWeightName(to: name, among: tensors.keys).map { "; the nearest name is '\($0)'" } ?? ""
    throw WeightFileError("\(source): has no tensor '\(name)'\(hint)")
  }
}

/// The order of the names' UTF-8 bytes, which no locale or Unicode version changes.
package func byteOrder(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
