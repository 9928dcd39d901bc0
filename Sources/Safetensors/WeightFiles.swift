import Diagnostics
import Foundation
import Weights

/// The files that hold the weights of one model part, such as `unet/diffusion_pytorch_model.safetensors`.
package struct WeightFiles: Sendable, Equatable {
  /// The folder of the part.
  package let folder: String
  /// Every file that is read, the shard index first where there is one.
  package let paths: [String]
  /// The files among `paths` that hold tensors.
  package let shards: [String]
  /// The shard of each tensor, as the index has it; empty without an index.
  let homes: [String: String]

  /// Finds the weights called `stem` in `folder`: one file, or shards named by an index.
  ///
  /// A variant, such as `stem.fp16.safetensors`, is taken only where the plain weights are absent: the half-precision
  /// one, or else the only one there is. Throws when there are none, when there are several to choose from, or an index is
  /// malformed or names absent files.
  package init(in folder: String, stem: String) throws {
    self.folder = folder
    let path = "\(folder)/\(try Self.choice(in: folder, stem: stem))"
    if path.hasSuffix(".safetensors") {
      (paths, shards, homes) = ([path], [path], [:])
    } else {
      homes = try Self.homes(ofIndex: path).mapValues { "\(folder)/\($0)" }
      shards = Set(homes.values).sorted(by: byteOrder)
      paths = [path] + shards
    }
  }

  // MARK: - Variants

  /// The name of the one file of weights to take, or of the index of its shards.
  private static func choice(in folder: String, stem: String) throws -> String {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
      .filter { isFile("\(folder)/\($0)") }.sorted(by: byteOrder)
    var variants: [String: [String]] = [:]
    for name in names {
      if let variant = variant(of: name, stem: stem) { variants[variant, default: []].append(name) }
    }
    let only = variants.count == 1 ? variants.first?.value : nil
    if let found = variants[""] ?? variants["fp16"] ?? only {
      // One file goes before shards.
      return found.first { $0.hasSuffix(".safetensors") } ?? found[0]
    }
    guard !variants.isEmpty else {
      throw WeightFileError("\(folder): has no weights: '\(stem).safetensors' was expected\(hint(names, stem))")
    }
    let found = variants.values.joined().sorted(by: byteOrder).map { "'\($0)'" }
    throw WeightFileError(
      "\(folder): has no '\(stem).safetensors' and several variants of it, \(found.joined(separator: ", ")); "
        + "give the one to use that name")
  }

  /// The variant that a file's name tells, empty for plain weights; nil where the file is neither weights nor an index.
  ///
  /// diffusers and transformers put the name of a variant before the last ending, `model.safetensors.index.fp16.json`;
  /// earlier versions put it before `.index.json`.
  private static func variant(of name: String, stem: String) -> String? {
    guard name.hasPrefix("\(stem).") else { return nil }
    let rest = name.dropFirst(stem.count)
    for (start, end) in [
      (".safetensors.index", ".json"), (".safetensors", ".index.json"), ("", ".safetensors.index.json"),
      ("", ".safetensors"),
    ] where rest.hasPrefix(start) && rest.hasSuffix(end) && rest.utf8.count >= start.utf8.count + end.utf8.count {
      let variant = rest.dropFirst(start.count).dropLast(end.count)
      if variant.isEmpty { return "" }
      // A shard of a variant is called `.fp16-00001-of-00002`.
      if variant.hasPrefix("."), variant.wholeMatch(of: /.*-\d+-of-\d+/) == nil { return String(variant.dropFirst()) }
    }
    return nil
  }

  /// What may have been meant where no weights were found.
  private static func hint(_ names: [String], _ stem: String) -> String {
    if let pickled = names.first(where: { $0.hasSuffix(".bin") && $0.contains("model") }) {
      return "; '\(pickled)' is in a format that can run code: convert it to safetensors"
    }
    if let shard = names.first(where: { $0.hasPrefix(stem) && $0.hasSuffix(".safetensors") }) {
      return "; '\(shard)' is a shard, of which an index, '\(stem).safetensors.index.json', was expected"
    }
    return ""
  }

  // MARK: - Shards

  /// The names of the files that an index maps tensors to.
  private static func homes(ofIndex path: String) throws -> [String: String] {
    let file = try FileContent(path: path)
    var homes: [String: String] = [:]
    do {
      var scanner = JSONScanner(file.bytes)
      try scanner.object { scanner, key in
        if key != "weight_map" { return try scanner.skipValue() }
        try scanner.object { scanner, tensor in homes[tensor] = try scanner.string("the file of tensor '\(tensor)'") }
      }
      try scanner.end()
    } catch let failure as JSONScanner.Failure {
      let isObject = file.bytes.first == UInt8(ascii: "{")
      let nature = isObject ? nil : FileNature.describe(beginning: file.bytes).map { "it is \($0)" }
      throw WeightFileError("\(path): malformed index: \(nature ?? failure.message)")
    }
    if homes.isEmpty { throw WeightFileError("\(path): malformed index: 'weight_map' names no files") }
    if let stray = homes.values.first(where: { $0.contains("/") || !$0.hasSuffix(".safetensors") }) {
      throw WeightFileError("\(path): names the file '\(stray)'; a safetensors file in the same folder was expected")
    }
    return homes
  }
}

private func isFile(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
}

extension WeightStore {
  /// Opens the files of a part, `places` being as in `init(_:location:homes:nameOfSlot:places:)`.
  ///
  /// Of a tensor in several shards the one counts that the index names. Throws when a file cannot be read or two tensors
  /// are one weight.
  package convenience init(
    _ files: WeightFiles, places: (String) -> [WeightPlace] = { [WeightPlace($0)] }
  ) throws {
    try self.init(
      files.shards.map { try SafetensorsReader(path: $0) },
      location: files.shards.count == 1 ? files.shards[0] : files.folder, homes: files.homes, places: places)
  }
}
