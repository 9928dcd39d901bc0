import Diagnostics
import Weights

/// What a safetensors file says of its tensors, every number of it checked against the file's length.
///
/// Layout: the header's length (u64, little endian), the header (JSON), the tensors' bytes without gaps.
/// Source: the format page of huggingface/safetensors.
struct SafetensorsHeader: Sendable {
  /// The longest header the format allows, in bytes.
  static let maximumLength = 100_000_000

  /// Type, shape and place of one tensor in a file.
  struct Entry: Sendable {
    let dtype: DType
    let shape: [Int]
    /// The bytes it takes, counted from the beginning of the file.
    fileprivate(set) var range: Range<Int>
  }

  private(set) var metadata: [String: String] = [:]
  private(set) var entries: [String: Entry] = [:]

  /// Reads the header of a whole file's bytes; errors begin with `source`, the file's name.
  init(_ file: UnsafeRawBufferPointer, source: String) throws {
    // Every header is an object; what has no brace in its place may be known for what it is.
    if file.count < 9 || file[8] != UInt8(ascii: "{"), let nature = FileNature.describe(beginning: file) {
      throw WeightFileError("\(source): no safetensors file: it is \(nature)")
    }
    guard file.count >= 8 else {
      throw WeightFileError(
        "\(source): no safetensors file: it has \(file.count) bytes, and 8 are the header's length alone")
    }
    let stated = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard stated <= Self.maximumLength else {
      throw WeightFileError(
        "\(source): no safetensors file: its first 8 bytes give a header of \(stated) bytes; at most \(Self.maximumLength) are allowed"
      )
    }
    let length = Int(stated)
    guard length <= file.count - 8 else {
      throw WeightFileError(
        "\(source): truncated: a header of \(length) bytes is announced, and \(file.count - 8) bytes are there")
    }
    do {
      try parse(UnsafeRawBufferPointer(rebasing: file[8..<8 + length]))
    } catch let failure as JSONScanner.Failure {
      throw WeightFileError("\(source): malformed header: \(failure.message)")
    }
    try place(dataStart: 8 + length, fileCount: file.count, source: source)
  }

  private mutating func parse(_ json: UnsafeRawBufferPointer) throws {
    var scanner = JSONScanner(json)
    try scanner.object { scanner, name in
      if name == "__metadata__" {
        if !metadata.isEmpty { throw scanner.failure("'__metadata__' stands twice") }
        if scanner.takeNull() { return }
        try scanner.object { scanner, key in
          let value = try scanner.string("a string as the value of '\(key)' in '__metadata__'")
          if metadata.updateValue(value, forKey: key) != nil {
            throw scanner.failure("'\(key)' stands twice in '__metadata__'")
          }
        }
      } else {
        let info = try Self.tensor(&scanner, name)
        if entries.updateValue(info, forKey: name) != nil { throw scanner.failure("tensor '\(name)' stands twice") }
      }
    }
    try scanner.end()
  }

  private static func tensor(_ scanner: inout JSONScanner, _ name: String) throws -> Entry {
    var dtype: DType?
    var shape: [Int]?
    var offsets: [Int]?
    var seen: Set<String> = []
    try scanner.object { scanner, key in
      if !seen.insert(key).inserted { throw scanner.failure("tensor '\(name)': '\(key)' stands twice") }
      switch key {
      case "dtype":
        let code = try scanner.string("tensor '\(name)': a string as dtype")
        guard let known = DType(rawValue: code) else {
          let all = DType.allCases.map(\.rawValue).joined(separator: ", ")
          throw scanner.failure("tensor '\(name)': unknown dtype '\(code)'; known are \(all)")
        }
        dtype = known
      case "shape": shape = try Self.counts(&scanner, "tensor '\(name)': shape")
      case "data_offsets": offsets = try Self.counts(&scanner, "tensor '\(name)': data_offsets")
      default: try scanner.skipValue()
      }
    }
    guard let dtype, let shape, let offsets, offsets.count == 2 else {
      throw scanner.failure("tensor '\(name)': expected dtype, shape and two data_offsets")
    }
    guard offsets[0] <= offsets[1] else {
      throw scanner.failure("tensor '\(name)': its data ends at \(offsets[1]), before it begins at \(offsets[0])")
    }
    guard let expected = dtype.byteCount(shape: shape) else {
      throw scanner.failure(
        dtype.fillsBytes(shape: shape)
          ? "tensor '\(name)': the shape \(shape) is too large"
          : "tensor '\(name)': \(dtype.rawValue) \(shape) takes no whole number of bytes")
    }
    guard expected == offsets[1] - offsets[0] else {
      throw scanner.failure(
        "tensor '\(name)': \(dtype.rawValue) \(shape) takes \(expected) bytes, its data_offsets give \(offsets[1] - offsets[0])"
      )
    }
    return Entry(dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func counts(_ scanner: inout JSONScanner, _ what: String) throws -> [Int] {
    var counts: [Int] = []
    do {
      try scanner.array { counts.append(try $0.count()) }
    } catch let failure as JSONScanner.Failure {
      throw JSONScanner.Failure(message: "\(what): \(failure.message)")
    }
    return counts
  }

  /// Checks that the tensors tile the data exactly, and turns offsets in the data into offsets in the file.
  private mutating func place(dataStart: Int, fileCount: Int, source: String) throws {
    let dataCount = fileCount - dataStart
    var end = 0
    var previous: String?
    // Empty tensors sort before the one that begins where they lie.
    let inOrder = entries.sorted {
      ($0.value.range.lowerBound, $0.value.range.upperBound) < ($1.value.range.lowerBound, $1.value.range.upperBound)
    }
    for (name, info) in inOrder {
      let range = info.range
      if range.lowerBound != end {
        let before = previous.map { "tensor '\($0)' ends" } ?? "the data begins"
        throw WeightFileError(
          "\(source): tensor '\(name)': its data begins at \(range.lowerBound), where \(before) at \(end): data must neither overlap nor leave gaps"
        )
      }
      guard range.upperBound <= dataCount else {
        throw WeightFileError(
          "\(source): truncated: tensor '\(name)' ends at byte \(range.upperBound) of the data, and \(dataCount) bytes are there"
        )
      }
      entries[name]?.range = range.lowerBound + dataStart..<range.upperBound + dataStart
      end = range.upperBound
      previous = name
    }
    guard end == dataCount else {
      throw WeightFileError("\(source): the tensors take \(end) bytes, and \(dataCount) bytes of data are there")
    }
  }
}
