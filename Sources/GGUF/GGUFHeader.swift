import Diagnostics
import Weights

/// What a GGUF file says of itself and its tensors, every number of it checked against the file's length.
///
/// Layout, all little endian: magic, version, how many tensors and metadata values, the values, the tensors' names, shapes,
/// types and places, then their bytes, each aligned. Source: ggml's gguf.md.
struct GGUFHeader {
  private(set) var metadata: [String: GGUFValue] = [:]
  private(set) var tensors: [String: TensorInfo] = [:]

  /// Reads the header of a whole file's bytes; errors begin with `source`, the file's name.
  init(_ file: UnsafeRawBufferPointer, source: String) throws {
    var cursor = GGUFCursor(file, source: source)
    try Self.begin(&cursor)
    // A name's length, dimensions, type and offset; a key's length, a type and a byte.
    let tensorCount = try cursor.count(of: "tensors", bytesEach: 24)
    let valueCount = try cursor.count(of: "metadata values", bytesEach: 13)
    for index in 0..<valueCount {
      let key = try cursor.string("the key of metadata value \(index)")
      if metadata.updateValue(try cursor.value(key), forKey: key) != nil {
        throw WeightFileError("\(source): malformed metadata: '\(key)' stands twice")
      }
    }
    let alignment = try alignment(source)
    var places: [(name: String, tensor: Stated)] = []
    var seen: Set<String> = []
    for index in 0..<tensorCount {
      let name = try cursor.string("the name of tensor \(index)")
      guard seen.insert(name).inserted else { throw WeightFileError("\(source): tensor '\(name)' stands twice") }
      places.append((name, try Stated(name, &cursor, alignment: alignment)))
    }
    try place(places, dataStart: (cursor.position + alignment - 1) / alignment * alignment, file.count, source)
    try restoreShapes(file, source)
  }

  private static func begin(_ cursor: inout GGUFCursor) throws {
    let (file, source) = (cursor.bytes, cursor.source)
    guard file.starts(with: "GGUF".utf8) else {
      let nature = FileNature.describe(beginning: file).map { "it is \($0)" } ?? "it does not begin with 'GGUF'"
      throw WeightFileError("\(source): no GGUF file: \(nature)")
    }
    _ = try cursor.take(4, "the magic")
    let version: UInt32 = try cursor.number("the version")
    if version & 0xFFFF == 0, version != 0 {
      throw WeightFileError(
        "\(source): is a GGUF file with the bytes of numbers in big-endian order; little-endian was expected")
    }
    guard version == 2 || version == 3 else {
      throw WeightFileError("\(source): is of version \(version) of GGUF; 2 or 3 was expected")
    }
  }

  /// What the places of tensors are multiples of.
  private func alignment(_ source: String) throws -> Int {
    guard let value = metadata["general.alignment"] else { return 32 }
    guard case .integer(let number) = value, let alignment = Int(exactly: number), 1...1 << 20 ~= alignment,
      alignment & (alignment - 1) == 0
    else { throw WeightFileError("\(source): 'general.alignment' is no power of 2 up to 2^20") }
    return alignment
  }

  /// A tensor as the header has it, its place counted from the beginning of the data.
  private struct Stated {
    let type: GGUFTensorType
    let shape: [Int]
    let range: Range<Int>

    init(_ name: String, _ cursor: inout GGUFCursor, alignment: Int) throws {
      func failure(_ problem: String) -> WeightFileError {
        WeightFileError("\(cursor.source): tensor '\(name)': \(problem)")
      }
      let what = "the shape of tensor '\(name)'"
      let dimensions: UInt32 = try cursor.number(what)
      guard dimensions <= 4 else { throw failure("has \(dimensions) dimensions; at most 4 were expected") }
      var sizes: [Int] = []
      for _ in 0..<dimensions {
        let size: UInt64 = try cursor.number(what)
        guard let size = Int(exactly: size) else { throw failure("a dimension of \(size) is too large") }
        sizes.append(size)
      }
      let number: UInt32 = try cursor.number("the type of tensor '\(name)'")
      let offset: UInt64 = try cursor.number("the place of tensor '\(name)'")
      guard let type = GGUFTensorType(number) else {
        let called = GGUFTensorType.name(of: number).map { "\(number), \($0)" } ?? "\(number)"
        throw failure(
          "is of type \(called), which is not supported; supported are \(GGUFTensorType.readable.joined(separator: ", "))"
        )
      }
      // The innermost dimension comes first.
      shape = sizes.reversed()
      guard (sizes.first ?? 1).isMultiple(of: type.blockSize) else {
        throw failure(
          "has rows of \(sizes.first ?? 1) numbers, which fill no blocks of \(type.blockSize) of \(type.name)")
      }
      var count = 1
      for size in sizes where size != 0 {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow else { throw failure("the shape \(shape) is too large") }
        count = product
      }
      if sizes.contains(0) { count = 0 }
      let (bytes, overflow) = (count / type.blockSize).multipliedReportingOverflow(by: type.blockBytes)
      guard !overflow, let start = Int(exactly: offset), start <= Int.max - bytes else {
        throw failure("\(type.name) \(shape) at byte \(offset) is beyond any file")
      }
      guard start.isMultiple(of: alignment) else {
        throw failure("its data begins at \(start), which is no multiple of the alignment, \(alignment)")
      }
      (self.type, range) = (type, start..<start + bytes)
    }
  }

  /// Checks that the tensors are in the file and apart, and turns places in the data into places in the file.
  private mutating func place(
    _ places: [(name: String, tensor: Stated)], dataStart: Int, _ fileCount: Int, _ source: String
  ) throws {
    let dataCount = max(fileCount - dataStart, 0)
    var previous: (name: String, end: Int)?
    let inOrder = places.sorted {
      ($0.tensor.range.lowerBound, $0.tensor.range.upperBound) < (
        $1.tensor.range.lowerBound, $1.tensor.range.upperBound
      )
    }
    for (name, tensor) in inOrder {
      let range = tensor.range
      if let previous, range.lowerBound < previous.end {
        throw WeightFileError(
          "\(source): tensor '\(name)': its data begins at \(range.lowerBound), before tensor '\(previous.name)' ends at "
            + "\(previous.end): data must not overlap")
      }
      guard range.upperBound <= dataCount else {
        throw WeightFileError(
          "\(source): truncated: tensor '\(name)' ends at byte \(range.upperBound) of the data, and \(dataCount) bytes are "
            + "there")
      }
      tensors[name] = TensorInfo(
        format: tensor.type.format, formatName: tensor.type.name, shape: tensor.shape,
        range: dataStart + range.lowerBound..<dataStart + range.upperBound)
      if !range.isEmpty { previous = (name, range.upperBound) }
    }
  }

  /// Gives tensors that were stored in another shape, to fill blocks, their own again.
  ///
  /// Source: ComfyUI-GGUF's `tools/convert.py`.
  private mutating func restoreShapes(_ file: UnsafeRawBufferPointer, _ source: String) throws {
    let beginning = "comfy.gguf.orig_shape."
    for (key, value) in metadata where key.hasPrefix(beginning) {
      let name = String(key.dropFirst(beginning.count))
      guard let tensor = tensors[name] else { continue }
      guard case .array(let array) = value, let shape = try? array.integers(file, source, key)?.map({ Int($0) }),
        shape.allSatisfy({ $0 >= 0 }), Self.count(shape) == tensor.count
      else {
        throw WeightFileError(
          "\(source): '\(key)' is no shape of as many numbers as the tensor has, which is \(tensor.shape)")
      }
      tensors[name] = TensorInfo(
        format: tensor.format, formatName: tensor.formatName, shape: shape, range: tensor.range)
    }
  }

  /// The numbers of a shape; nil beyond what Int can count.
  private static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for dimension in shape where dimension != 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      if overflow { return nil }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }
}
