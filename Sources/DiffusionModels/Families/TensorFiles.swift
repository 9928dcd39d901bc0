import GGUF
import Safetensors
import Weights

/// Opens a file of tensors, GGUF or safetensors, by what it begins with; what is neither, by its name.
///
/// Throws `WeightFileError` when it cannot be read or is malformed.
package func openTensorFile(path: String) throws -> any TensorFile {
  let content = try FileContent(path: path)
  if content.bytes.starts(with: "GGUF".utf8) || path.lowercased().hasSuffix(".gguf") {
    return try GGUFReader(content, source: path)
  }
  return try SafetensorsReader(content, source: path)
}
