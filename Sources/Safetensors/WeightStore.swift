import Tensors

/// The weights of one model part, handed out by name with every name accounted for.
///
/// A model asks for each of its weights with the shape its config implies. Nothing fails in between: what is missing or
/// misshapen is noted and zeros stand in, so that one error at the end tells all of it, unused tensors included.
package final class WeightStore {
  private struct Stored {
    let reader: SafetensorsReader
    let fileName: String
    let info: TensorInfo
  }

  private let location: String
  private var stored: [String: Stored] = [:]
  private var taken: Set<String> = []
  private var report = WeightReport()
  /// Tensors that are also in shards where the index does not put them.
  private var doubles: [String] = []
  /// Elements that zeros may still stand in for: a config that lies must not take the machine's memory.
  private var standInBudget = 1 << 28

  /// Opens `files`; of a tensor in several shards the one counts that the index names.
  ///
  /// `canonicalName` gives the name a model asks by for a name in the file, and nil for a tensor that is known and not
  /// needed. Throws when a file cannot be read or two tensors have one name.
  package init(_ files: WeightFiles, canonicalName: (String) -> String? = { $0 }) throws {
    location = files.shards.count == 1 ? files.shards[0] : files.folder
    var strays: [String: String] = [:]
    var atHome: Set<String> = []
    for path in files.shards {
      let reader = try SafetensorsReader(path: path)
      for fileName in reader.names {
        guard let name = canonicalName(fileName), let info = reader.info(fileName) else { continue }
        if let home = files.homes[fileName] {
          guard home == path else {
            strays[fileName] = path
            continue
          }
          atHome.insert(fileName)
        }
        let entry = Stored(reader: reader, fileName: fileName, info: info)
        if let other = stored.updateValue(entry, forKey: name) {
          throw SafetensorsError(
            "\(path): tensor '\(fileName)' is the same weight as '\(other.fileName)' in \(other.reader.source)")
        }
      }
    }
    for (fileName, path) in strays.sorted(by: { byteOrder($0.key, $1.key) }) where atHome.contains(fileName) {
      let home = files.homes[fileName] ?? ""
      doubles.append("\(path): has '\(fileName)', which the index puts into \(home); that is taken")
    }
    for (fileName, home) in files.homes where !atHome.contains(fileName) {
      guard let name = canonicalName(fileName) else { continue }
      let other = strays[fileName].map { ", though \($0) has" } ?? ""
      report.lost[name] = "the index puts it into \(home), which has none of that name\(other)"
    }
  }

  /// Builds a model from the weights, to compute in `precision`.
  ///
  /// Calls `warn` with what is odd though the model has all it needs: unused tensors, shards that disagree with their
  /// index. Throws one error that names every weight missing or misshapen, and those unused, which may be them misnamed.
  package func load<Model>(
    precision: Precision = .f32, warn: (String) -> Void = { _ in }, _ build: (WeightScope) throws -> Model
  ) throws -> Model {
    let model = try build(WeightScope(store: self, prefix: "", precision: precision))
    try finish(warn: warn)
    return model
  }

  /// Warns and throws as `load` does, for those who take weights without it.
  package func finish(warn: (String) -> Void = { _ in }) throws {
    for (name, entry) in stored where !taken.contains(name) {
      report.unused[name] = entry.info.shape
    }
    guard report.isComplete else { throw SafetensorsError("\(location): \(report.text)") }
    doubles.forEach(warn)
    if let text = report.unusedText { warn("\(location): \(text)") }
  }

  fileprivate func contains(_ name: String) -> Bool { stored[name] != nil }

  /// A weight, `isTable` if its rows are read as they are needed and not once.
  fileprivate func source(
    _ name: String, _ shape: [Int], or other: [Int]? = nil, isTable: Bool = false
  ) throws -> WeightSource {
    if let entry = stored[name] {
      taken.insert(name)
      if !entry.info.dtype.isFloat {
        report.misshapen[name] = "is \(entry.info.dtype.rawValue), expected F32, F16 or BF16"
      } else if entry.info.shape == shape || entry.info.shape == other {
        return source(entry, shape, isTable: isTable)
      } else {
        report.misshapen[name] = "is \(entry.info.shape), expected \(shape)"
      }
    } else {
      report.missing[name] = shape
    }
    return try zeros(shape)
  }

  private func source(_ entry: Stored, _ shape: [Int], isTable: Bool) -> WeightSource {
    let rowSize = shape.dropFirst().reduce(1, *)
    return WeightSource(shape: shape, isHalf: entry.info.dtype == .f16) { rows, target in
      let elements = rows.lowerBound * rowSize..<rows.upperBound * rowSize
      if isTable { return try entry.reader.readFloatsAnew(entry.fileName, elements: elements, into: target) }
      try entry.reader.readFloats(entry.fileName, elements: elements, into: target)
      if rows.upperBound == shape[0] { entry.reader.release(entry.fileName) }
    }
  }

  private func zeros(_ shape: [Int]) throws -> WeightSource {
    guard let bytes = DType.f32.byteCount(shape: shape), bytes / 4 <= standInBudget else {
      throw SafetensorsError("\(location): \(report.text)")
    }
    standInBudget -= bytes / 4
    return WeightSource(shape: shape) { _, target in target.update(repeating: 0) }
  }
}

/// The weights under one dotted name, as PyTorch's modules nest them.
package struct WeightScope {
  /// What the layers made from these weights compute in.
  package let precision: Precision
  private let store: WeightStore
  private let prefix: String

  fileprivate init(store: WeightStore, prefix: String, precision: Precision) {
    (self.store, self.prefix, self.precision) = (store, prefix, precision)
  }

  /// The weights of a submodule, such as `down_blocks.0`.
  package func scope(_ name: String) -> WeightScope {
    WeightScope(store: store, prefix: "\(prefix)\(name).", precision: precision)
  }

  /// The weights of item `index` of a module list.
  package func scope(_ name: String, _ index: Int) -> WeightScope { scope("\(name).\(index)") }

  /// Whether the files have a weight of this name.
  package func contains(_ name: String) -> Bool { store.contains(prefix + name) }

  /// A weight of `shape`, which the files may also hold as `other` (of the same count and first dimension).
  ///
  /// Throws only when the weights asked for in vain are too large to go on.
  package func source(_ name: String, _ shape: [Int], or other: [Int]? = nil) throws -> WeightSource {
    try store.source(prefix + name, shape, or: other)
  }

  /// A weight of which rows are read from the file as they are needed: of a vocabulary, a text has a few words.
  package func table(_ name: String, _ shape: [Int]) throws -> WeightSource {
    try store.source(prefix + name, shape, isTable: true)
  }

  /// A weight converted whole, for those a layer keeps as they are: biases, norms, embeddings.
  package func tensor(_ name: String, _ shape: [Int], or other: [Int]? = nil) throws -> Tensor {
    let source = try source(name, shape, or: other)
    return try Tensor(shape: shape) { try source.readRows(0..<shape[0], $0) }
  }
}
