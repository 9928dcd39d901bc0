import Foundation
import GraphEngine
import Safetensors
import Tensors

/// Values in safetensors files that results are compared with.
package enum ReferenceValue {
  /// What is wrong with a value that is to be like the one in a file; nil when it is near enough.
  ///
  /// A tensor of either may have any name where it is the only one; else names are those of the cache.
  ///
  /// - Parameter tolerance: for the Euclidean norm of the difference over that of the reference; 0 for the same numbers.
  /// - Throws: `WeightFileError` where the file can't be read as safetensors.
  package static func problem(
    of value: any WireValue, expecting path: String, within tolerance: Double
  ) throws -> String? {
    let wireType = type(of: value).wireType
    guard wireType.isCacheable else { return "it is a \(wireType.name), which has no value to compare" }
    let expected = try SafetensorsReader(path: path)
    return try value.encoded().withUnsafeBytes { bytes in
      let actual = try SafetensorsReader(borrowing: bytes, source: "a \(wireType.name)")
      let (names, references) = (actual.tensors.keys.sorted(), expected.tensors.keys.sorted())
      let isAlone = names.count == 1 && references.count == 1
      guard isAlone || names == references else {
        return "it has the tensors \(list(names)), and '\(path)' has \(list(references))"
      }
      for (name, reference) in zip(names, references) {
        let (a, b) = (try actual.tensor(name), try expected.tensor(reference))
        if let problem = problem(of: a, expecting: b, within: tolerance) {
          return names.count == 1 ? problem : "its tensor '\(name)': \(problem)"
        }
      }
      return nil
    }
  }

  /// Writes a value to a safetensors file, as the cache holds it.
  package static func write(_ value: any WireValue, to path: String) throws(FileError) {
    guard type(of: value).wireType.isCacheable, let bytes = try? value.encoded() else {
      throw FileError(message: "a \(type(of: value).wireType.name) has no value to write to '\(path)'")
    }
    try WholeFile.write(bytes, to: path, kind: .safetensors)
  }

  private static func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }

  private static func problem(of a: Tensor, expecting b: Tensor, within tolerance: Double) -> String? {
    guard a.shape == b.shape else { return "its shape is \(a.shape), not \(b.shape)" }
    var (largest, squares, norm) = (0.0, 0.0, 0.0)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for (x, y) in zip(a, b) {
          let difference = Double(x) - Double(y)
          largest = max(largest, abs(difference))
          squares += difference * difference
          norm += Double(y) * Double(y)
        }
      }
    }
    let relative = squares == 0 ? 0 : norm == 0 ? .infinity : (squares / norm).squareRoot()
    // NaN in a reference is near to nothing.
    if relative <= tolerance { return nil }
    return String(
      format: "it is off by %.3g of its size, more than %.3g; numbers are at most %.3g apart", relative, tolerance,
      largest)
  }
}
