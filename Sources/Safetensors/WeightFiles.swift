import Glibc

/// The files that hold the weights of one model part, such as `unet/diffusion_pytorch_model.safetensors`.
package struct WeightFiles: Sendable, Equatable {
  /// The folder of the part.
  package let folder: String
  /// Every file that is read, the shard index first where there is one.
  package let paths: [String]
  /// The files among `paths` that hold tensors.
  package let shards: [String]

  /// Finds the weights called `stem` in `folder`: one file, or shards named by an index; the half-precision variant
  /// only where the plain one is absent.
  ///
  /// Throws when there are none, or an index is malformed or names absent files.
  package init(in folder: String, stem: String) throws {
    self.folder = folder
    let candidates = [
      "\(stem).safetensors", "\(stem).safetensors.index.json", "\(stem).fp16.safetensors",
      "\(stem).safetensors.index.fp16.json", "\(stem).fp16.safetensors.index.json",
    ]
    guard let name = candidates.first(where: { isFile("\(folder)/\($0)") }) else {
      let pickled = ["\(stem).bin", "\(stem).fp16.bin", "pytorch_model.bin"].first { isFile("\(folder)/\($0)") }
      let hint = pickled.map { "; '\($0)' is in a format that can run code: convert it to safetensors" } ?? ""
      throw SafetensorsError("\(folder): has no weights: '\(candidates[0])' was expected\(hint)")
    }
    let path = "\(folder)/\(name)"
    if name.hasSuffix(".safetensors") {
      shards = [path]
      paths = shards
    } else {
      shards = try Self.shards(ofIndex: path).map { "\(folder)/\($0)" }
      paths = [path] + shards
    }
  }

  /// The names of the files that an index maps tensors to, sorted.
  private static func shards(ofIndex path: String) throws -> [String] {
    let file = try MappedFile(path: path)
    var names: Set<String> = []
    do {
      var scanner = JSONScanner(file.bytes)
      try scanner.object { scanner, key in
        if key != "weight_map" { return try scanner.skipValue() }
        try scanner.object { scanner, tensor in names.insert(try scanner.string("the file of tensor '\(tensor)'")) }
      }
      try scanner.end()
    } catch let failure as JSONScanner.Failure {
      throw SafetensorsError("\(path): malformed index: \(failure.message)")
    }
    if names.isEmpty { throw SafetensorsError("\(path): malformed index: 'weight_map' names no files") }
    if let stray = names.first(where: { $0.contains("/") || !$0.hasSuffix(".safetensors") }) {
      throw SafetensorsError("\(path): names the file '\(stray)'; a safetensors file in the same folder was expected")
    }
    return names.sorted(by: byteOrder)
  }
}

private func isFile(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}
