import Tensors

/// The weights of one model part, handed out by name with every name accounted for.
///
/// A model asks for each of its weights with the shape its config implies. Nothing fails in between: what is missing or
/// misshapen is noted and zeros stand in, so that one error at the end tells all of it, unused tensors included.
package final class WeightStore {
  private let location: String
  private let nameOfSlot: (String) -> String?
  private var stored: [String: StoredWeight] = [:]
  private var changes: [String: [(WeightSource) throws -> WeightSource]] = [:]
  private var taken: Set<String> = []
  private var report = WeightReport()
  /// Tensors that are also in shards where the index does not put them.
  private var doubles: [String] = []
  /// Elements that zeros may still stand in for: a config that lies must not take the machine's memory.
  private var standInBudget = 1 << 28

  /// Opens the files of a part, `places` being as below.
  ///
  /// Of a tensor in several shards the one counts that the index names. Throws when a file cannot be read or two tensors are one weight.
  package init(_ files: WeightFiles, places: (String) -> [WeightPlace] = { [WeightPlace($0)] }) throws {
    location = files.shards.count == 1 ? files.shards[0] : files.folder
    nameOfSlot = { $0 }
    var strays: [String: String] = [:]
    var atHome: Set<String> = []
    for path in files.shards {
      let reader = try SafetensorsReader(path: path)
      for fileName in reader.names {
        let found = places(fileName)
        if found.isEmpty { continue }
        if let home = files.homes[fileName] {
          guard home == path else {
            strays[fileName] = path
            continue
          }
          atHome.insert(fileName)
        }
        try add(fileName, of: reader, at: found)
      }
    }
    for (fileName, path) in strays.sorted(by: { byteOrder($0.key, $1.key) }) where atHome.contains(fileName) {
      let home = files.homes[fileName] ?? ""
      doubles.append("\(path): has '\(fileName)', which the index puts into \(home); that is taken")
    }
    for (fileName, home) in files.homes where !atHome.contains(fileName) {
      let other = strays[fileName].map { ", though \($0) has" } ?? ""
      for place in places(fileName) {
        report.lost[place.slot] = "the index puts it into \(home), which has none of that name\(other)"
      }
    }
  }

  /// Takes the weights of one file.
  ///
  /// `places` gives the weights that a model asks for in a tensor of a file, and none for a tensor that it does not need;
  /// `nameOfSlot` is what the file calls a weight, for errors. Throws when two tensors are one weight.
  package init(
    _ reader: SafetensorsReader, nameOfSlot: @escaping (String) -> String? = { $0 },
    places: (String) -> [WeightPlace]
  ) throws {
    (location, self.nameOfSlot) = (reader.source, nameOfSlot)
    for fileName in reader.names { try add(fileName, of: reader, at: places(fileName)) }
  }

  private func add(_ fileName: String, of reader: SafetensorsReader, at places: [WeightPlace]) throws {
    guard let info = reader.info(fileName) else { return }
    for place in places {
      let weight = StoredWeight(reader: reader, fileName: fileName, info: info, place: place)
      if let other = stored.updateValue(weight, forKey: place.slot) {
        throw SafetensorsError(
          "\(reader.source): tensor '\(fileName)' is the same weight as '\(other.fileName)' in \(other.reader.source)")
      }
    }
  }

  /// How many numbers there are.
  package var parameterCount: Int { stored.values.reduce(0) { $0 + $1.shape.reduce(1, *) } }

  /// The formats that the numbers are in, that of most of them first.
  package var formats: [DType] {
    var counts: [DType: Int] = [:]
    for weight in stored.values { counts[weight.info.dtype, default: 0] += weight.shape.reduce(1, *) }
    return counts.keys.sorted { (counts[$0] ?? 0, $0.rank) > (counts[$1] ?? 0, $1.rank) }
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

  /// Builds a model that is good for nothing, to account for every weight without reading one.
  ///
  /// Warns and throws as `load` does, but for what only reading shows.
  package func survey<Model>(
    warn: (String) -> Void = { _ in }, _ build: (WeightScope) throws -> Model
  ) throws {
    _ = try build(WeightScope(store: self, prefix: "", precision: .f32, isSurvey: true))
    try finish(warn: warn)
  }

  /// Warns and throws as `load` does, for those who take weights without it.
  package func finish(warn: (String) -> Void = { _ in }) throws {
    for (name, weight) in stored where !taken.contains(name) {
      report.unused[published(name)] = weight.shape
    }
    // A scale that nothing uses means that numbers would be wrong.
    let hasStrayScale = stored.keys.contains { name in
      !taken.contains(name) && Self.scaleNames.contains { name.hasSuffix(".\($0)") }
    }
    guard report.isComplete, !hasStrayScale else { throw SafetensorsError("\(location): \(report.text)") }
    doubles.forEach(warn)
    if let text = report.unusedText { warn("\(location): \(text)") }
  }

  private static let scaleNames = ["scale_weight", "weight_scale"]

  private func published(_ slot: String) -> String { nameOfSlot(slot) ?? slot }

  func contains(_ name: String) -> Bool { stored[name] != nil }

  /// The names that a model can ask for.
  package var slots: some Collection<String> { stored.keys }

  /// The shape of a weight; nil where there is none.
  package func shape(of slot: String) -> [Int]? { stored[slot]?.shape }

  /// Has `change` done to a weight when it is asked for, after those before.
  package func change(_ slot: String, _ change: @escaping (WeightSource) throws -> WeightSource) {
    changes[slot, default: []].append(change)
  }

  /// A weight, `isTable` if its rows are read as they are needed and not once.
  func source(
    _ name: String, _ shape: [Int], or other: [Int]? = nil, isTable: Bool = false
  ) throws -> WeightSource {
    if let weight = stored[name] {
      taken.insert(name)
      if !weight.info.dtype.isFloat {
        report.misshapen[published(name)] = "is \(weight.info.dtype.rawValue), expected F32, F16, BF16 or F8"
      } else if weight.shape == shape || weight.shape == other {
        let source = weight.source(shape, isTable: isTable, scale: try scale(of: name, rows: shape[0]))
        return try changes[name, default: []].reduce(source) { try $1($0) }
      } else {
        report.misshapen[published(name)] = "is \(weight.shape), expected \(shape)"
      }
    } else {
      report.missing[published(name)] = shape
    }
    return try zeros(shape)
  }

  /// What the numbers of a weight in a narrow format are to be multiplied by: one factor for all or one for each row;
  /// nil where the file has none.
  private func scale(of name: String, rows: Int) throws -> [Float]? {
    guard name.hasSuffix(".weight") else { return nil }
    let layer = name.dropLast(".weight".count)
    let names = Self.scaleNames.map { "\(layer).\($0)" }
    guard let name = names.first(where: { stored[$0] != nil }), let weight = stored[name] else { return nil }
    taken.insert(name)
    guard weight.info.dtype.isFloat, weight.info.count == 1 || weight.info.count == rows else {
      report.misshapen[published(name)] =
        "is \(weight.info.dtype.rawValue) \(weight.shape), expected one number or \(rows), as floats"
      return nil
    }
    return try weight.reader.tensor(weight.fileName).values
  }

  private func zeros(_ shape: [Int]) throws -> WeightSource {
    guard let bytes = DType.f32.byteCount(shape: shape), bytes / 4 <= standInBudget else {
      throw SafetensorsError("\(location): \(report.text)")
    }
    standInBudget -= bytes / 4
    return WeightSource(shape: shape) { _, target in target.update(repeating: 0) }
  }
}
