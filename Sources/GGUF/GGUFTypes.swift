import Tensors

/// How a GGUF file stores a tensor's numbers, by the number that stands for it there.
///
/// Source: `enum ggml_type` of ggml.h.
struct GGUFTensorType {
  let name: String
  let blockSize: Int
  let blockBytes: Int
  /// Nil for integers and f64, which no weight is made of.
  let format: WeightFormat?

  /// The type of this number; nil for one that is not read.
  init?(_ number: UInt32) {
    if let name = Self.names[number], let format = WeightFormat(named: name) {
      (self.name, blockSize, blockBytes, self.format) = (name, format.blockSize, format.blockBytes, format)
    } else if let (name, bytes) = Self.integers[number] {
      (self.name, blockSize, blockBytes, format) = (name, 1, bytes, nil)
    } else {
      return nil
    }
  }

  /// What a type is called, read or not.
  static func name(of number: UInt32) -> String? { names[number] ?? integers[number]?.name }

  /// The names of the types that weights can be read from.
  static var readable: [String] {
    names.sorted { $0.key < $1.key }.map(\.value).filter { WeightFormat(named: $0) != nil }
  }

  private static let integers: [UInt32: (name: String, bytes: Int)] = [
    24: ("I8", 1), 25: ("I16", 2), 26: ("I32", 4), 27: ("I64", 8), 28: ("F64", 8),
  ]

  private static let names: [UInt32: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 4: "Q4_2", 5: "Q4_3", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1",
    10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS",
    18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 30: "BF16",
    31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4", 37: "IQ4_NL_4_8",
    38: "IQ4_NL_8_8", 39: "MXFP4", 40: "NVFP4",
  ]
}

/// What a metadata value is, by the number that stands for it.
///
/// Source: `enum gguf_metadata_value_type` of ggml's gguf.md.
enum GGUFValueType: UInt32 {
  case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

  var plural: String {
    switch self {
    case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: "integers"
    case .float32, .float64: "floats"
    case .bool: "bools"
    case .string: "strings"
    case .array: "arrays"
    }
  }

  /// Bytes of one value; nil where they differ from value to value.
  var byteCount: Int? {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    case .string, .array: nil
    }
  }
}
