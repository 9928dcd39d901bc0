import Tensors
@_exported import Weights

/// Tensors in the safetensors format, read from a memory-mapped file or from bytes in memory.
package final class SafetensorsReader: TensorFile {
  package let source: String
  package let content: FileContent
  package let tensors: [String: TensorInfo]
  private let header: SafetensorsHeader

  package init(_ content: FileContent, source: String) throws {
    header = try SafetensorsHeader(content.bytes, source: source)
    (self.content, self.source) = (content, source)
    tensors = header.entries.mapValues { entry in
      TensorInfo(
        format: WeightFormat(named: entry.dtype.rawValue), formatName: entry.dtype.rawValue, shape: entry.shape,
        range: entry.range)
    }
  }

  /// The strings of `__metadata__`.
  package var metadata: [String: String] { header.metadata }

  package func metadataString(_ key: String) -> String? { header.metadata[key] }

  /// The type of a tensor's elements; nil when there is none of this name.
  package func dtype(_ name: String) -> DType? { header.entries[name]?.dtype }
}
