import Tensors

/// Writes GGUF files (version 3, little-endian) with tensors in single precision and no more than they need.
package enum TinyGGUF {
  /// The innermost dimension comes first, and data begin at multiples of 32.
  package static func bytes(_ tensors: [(name: String, tensor: Tensor)], architecture: String) -> [UInt8] {
    var file = Array("GGUF".utf8)
    func append(_ number: UInt32) { withUnsafeBytes(of: number.littleEndian) { file += $0 } }
    func append(_ number: UInt64) { withUnsafeBytes(of: number.littleEndian) { file += $0 } }
    func append(_ text: String) {
      append(UInt64(text.utf8.count))
      file += text.utf8
    }
    append(UInt32(3))
    append(UInt64(tensors.count))
    append(UInt64(1))
    append("general.architecture")
    append(UInt32(8))
    append(architecture)
    func padded(_ count: Int) -> Int { (count + 31) / 32 * 32 }
    var offset = 0
    for (name, tensor) in tensors {
      append(name)
      append(UInt32(tensor.shape.count))
      for size in tensor.shape.reversed() { append(UInt64(size)) }
      append(UInt32(0))
      append(UInt64(offset))
      offset += padded(4 * tensor.count)
    }
    file += Array(repeating: 0, count: padded(file.count) - file.count)
    for (_, tensor) in tensors {
      tensor.withUnsafeBufferPointer { file += UnsafeRawBufferPointer($0) }
      file += Array(repeating: 0, count: padded(4 * tensor.count) - 4 * tensor.count)
    }
    return file
  }
}
