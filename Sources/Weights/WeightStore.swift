import Tensors

/// The weights of one model part, handed out by name with every name accounted for.
///
/// A model asks for each of its weights with the shape its config implies. Nothing fails in between: what is missing or
/// misshapen is noted and zeros stand in, so that one error at the end tells all of it, unused tensors included.
package final class WeightStore {
  private let location: String
  private let nameOfSlot: (String) -> String?
  private var stored: [String: StoredWeight] = [:]
  /// Columns that weights have once zeros are behind their own.
  private var widths: [String: Int] = [:]
  private var changes: [String: [(WeightSource) throws -> WeightSource]] = [:]
  private var taken: Set<String> = []
  private var report = WeightReport()
  /// Tensors that are also in shards where the index does not put them.
  private var doubles: [String] = []
  /// Elements that zeros may still stand in for: a config that lies must not take the machine's memory.
  private var standInBudget = 1 << 28

  /// Takes the weights of files.
  ///
  /// `places` gives the weights that a model asks for in a tensor of a file, and none for a tensor that it does not need;
  /// `nameOfSlot` is what the files call a weight, for errors, and `location` what they are called together. `homes` tells of
  /// tensors in which file they belong, where an index says it. Throws when two tensors are one weight.
  package init(
    _ files: [any TensorFile], location: String, homes: [String: String] = [:],
    nameOfSlot: @escaping (String) -> String? = { $0 }, places: (String) -> [WeightPlace]
  ) throws {
    (self.location, self.nameOfSlot) = (location, nameOfSlot)
    var strays: [String: String] = [:]
    var atHome: Set<String> = []
    for file in files {
      for fileName in file.names {
        let found = places(fileName)
        if found.isEmpty { continue }
        if let home = homes[fileName] {
          guard home == file.source else {
            strays[fileName] = file.source
            continue
          }
          atHome.insert(fileName)
        }
        try add(fileName, of: file, at: found)
      }
    }
    for (fileName, path) in strays.sorted(by: { byteOrder($0.key, $1.key) }) where atHome.contains(fileName) {
      let home = homes[fileName] ?? ""
      doubles.append("\(path): has '\(fileName)', which the index puts into \(home); that is taken")
    }
    for (fileName, home) in homes where !atHome.contains(fileName) {
      let other = strays[fileName].map { ", though \($0) has" } ?? ""
      for place in places(fileName) {
        report.lost[place.slot] = "the index puts it into \(home), which has none of that name\(other)"
      }
    }
  }

  /// Takes the weights of one file.
  package convenience init(
    _ file: any TensorFile, nameOfSlot: @escaping (String) -> String? = { $0 }, places: (String) -> [WeightPlace]
  ) throws {
    try self.init([file], location: file.source, nameOfSlot: nameOfSlot, places: places)
  }

  /// Takes the weights of files of which each has names of its own, as those of two halves of a model.
  package convenience init(
    _ files: [(file: any TensorFile, places: (String) -> [WeightPlace])], location: String,
    nameOfSlot: @escaping (String) -> String?
  ) throws {
    try self.init([], location: location, nameOfSlot: nameOfSlot) { _ in [] }
    for (file, places) in files {
      for name in file.names { try add(name, of: file, at: places(name)) }
    }
  }

  private func add(_ fileName: String, of file: any TensorFile, at places: [WeightPlace]) throws {
    guard let info = file.info(fileName) else { return }
    for place in places {
      let weight = StoredWeight(file: file, fileName: fileName, info: info, place: place)
      if let other = stored.updateValue(weight, forKey: place.slot) {
        throw WeightFileError(
          "\(file.source): tensor '\(fileName)' is the same weight as '\(other.fileName)' in \(other.file.source)")
      }
    }
  }

  /// How many numbers there are.
  package var parameterCount: Int { stored.values.reduce(0) { $0 + $1.shape.reduce(1, *) } }

  /// What the formats are called that the numbers are in, that of most of them first.
  package var formatNames: [String] {
    var counts: [String: Int] = [:]
    for weight in stored.values { counts[weight.info.formatName, default: 0] += weight.shape.reduce(1, *) }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
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
    guard report.isComplete, !hasStrayScale else { throw WeightFileError("\(location): \(report.text)") }
    doubles.forEach(warn)
    if let text = report.unusedText { warn("\(location): \(text)") }
  }

  private static let scaleNames = ["scale_weight", "weight_scale"]

  private func published(_ slot: String) -> String { nameOfSlot(slot) ?? slot }

  func contains(_ name: String) -> Bool { stored[name] != nil }

  func leaveOut(_ beginning: String) {
    for name in stored.keys where name.hasPrefix(beginning) { taken.insert(name) }
  }

  /// The names that a model can ask for.
  package var slots: some Collection<String> { stored.keys }

  /// The shape of a weight; nil where there is none.
  package func shape(of slot: String) -> [Int]? {
    stored[slot].map { weight in widths[slot].map { [weight.shape[0], $0] } ?? weight.shape }
  }

  /// How many columns a weight has in its file, of those that it has once it is widened; nil for other weights.
  package func ownColumns(of slot: String) -> Int? { widths[slot] == nil ? nil : stored[slot]?.shape[1] }

  /// Has the rows of a weight [out, in] filled up with zeros, before anything else changes it: [out, columns].
  package func widen(_ slot: String, to columns: Int) {
    guard let own = stored[slot]?.shape, own.count >= 2, own[1] < columns, own.dropFirst(2).allSatisfy({ $0 == 1 })
    else {
      return
    }
    widths[slot] = columns
  }

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
      if weight.info.format == nil {
        report.misshapen[published(name)] = "is \(weight.info.formatName), expected F32, F16, BF16 or F8"
      } else if let source = try source(weight, name, shape, or: other, isTable: isTable) {
        return try changes[name, default: []].reduce(source) { try $1($0) }
      } else {
        // As the tensor has it, which may join several weights.
        report.misshapen[published(name)] = "is \(weight.info.shape), expected \(weight.place.joinedShape(of: shape))"
      }
    } else {
      report.missing[published(name)] = shape
    }
    return try zeros(shape)
  }

  /// A weight that is in a file, unchanged but for zeros; nil where it has another shape.
  private func source(
    _ weight: StoredWeight, _ name: String, _ shape: [Int], or other: [Int]?, isTable: Bool
  ) throws -> WeightSource? {
    if let columns = widths[name] {
      guard shape == [weight.shape[0], columns] else { return nil }
      let own = Array(weight.shape.prefix(2))
      return weight.source(own, isTable: isTable, scale: try scale(of: name, rows: own[0])).widened(to: columns)
    }
    guard weight.shape == shape || weight.shape == other else { return nil }
    return weight.source(shape, isTable: isTable, scale: try scale(of: name, rows: shape[0]))
  }

  /// What the numbers of a weight in a narrow format are to be multiplied by: one factor for all or one for each row;
  /// nil where the file has none.
  private func scale(of name: String, rows: Int) throws -> [Float]? {
    guard name.hasSuffix(".weight") else { return nil }
    let layer = name.dropLast(".weight".count)
    let names = Self.scaleNames.map { "\(layer).\($0)" }
    guard let name = names.first(where: { stored[$0] != nil }), let weight = stored[name] else { return nil }
    taken.insert(name)
    // Where rows of several weights are joined, so are their scales, or each weight has one.
    let place = weight.place
    let allRows = place.joinedShape(of: [rows])[0]
    if weight.info.format != nil {
      let factors = { try weight.file.tensor(weight.fileName).values }
      switch (weight.info.count, place.view) {
      case (1, _): return try factors()
      case (allRows, _): return try factors().inRows(of: place, count: rows)
      case (let count, .rows(let shares, let parts)) where count == parts:
        return try factors()[shares].flatMap { Array(repeating: $0, count: rows / shares.count) }
      default: break
      }
    }
    report.misshapen[published(name)] =
      "is \(weight.info.formatName) \(weight.info.shape), expected one number or \(allRows), as floats"
    return nil
  }

  private func zeros(_ shape: [Int]) throws -> WeightSource {
    guard let count = Self.count(shape), count <= standInBudget else {
      throw WeightFileError("\(location): \(report.text)")
    }
    standInBudget -= count
    return WeightSource(shape: shape) { _, target in target.update(repeating: 0) }
  }

  /// The numbers of a shape; nil beyond what Int can count.
  private static func count(_ shape: [Int]) -> Int? {
    shape.reduce(1 as Int?) { count, dimension in
      guard let (product, overflow) = count?.multipliedReportingOverflow(by: dimension), !overflow else { return nil }
      return product
    }
  }
}

extension [Float] {
  /// Those of the rows of a weight, in its order.
  fileprivate func inRows(of place: WeightPlace, count: Int) -> [Float] {
    (0..<count).map { self[place.row($0, of: count)] }
  }
}
