import Safetensors
import Tensors

/// What a LoRA file has for one module of a model.
struct LoRAModule: Sendable {
  typealias Role = LoRAKey.Role

  /// A module that does not fit the layer it is for.
  struct Misfit: Error, CustomStringConvertible {
    let module, problem: String

    var description: String { "'\(module)' \(problem)" }
  }

  /// Ranks beyond this are lies; what is made of the factors must not take the machine's memory.
  private static let mostRank = 4096
  /// And so many numbers in the smaller factor of a Kronecker product.
  private static let mostFactors = 1 << 24

  let name: String
  fileprivate let file: SafetensorsReader
  private let config: AdapterConfig
  /// The file's names of the tensors.
  fileprivate private(set) var keys: [Role: String] = [:]

  init(name: String, file: SafetensorsReader, config: AdapterConfig) {
    (self.name, self.file, self.config) = (name, file, config)
  }

  /// Throws `ModelError` when the module has a tensor in this role already.
  mutating func add(_ role: Role, _ key: String) throws {
    if let other = keys.updateValue(key, forKey: role) {
      throw ModelError("\(file.source): '\(key)' and '\(other)' are the same tensor of a module")
    }
  }

  /// The shape of a tensor; nil where there is none.
  func shape(_ role: Role) -> [Int]? { keys[role].flatMap { file.info($0)?.shape } }

  private func has(_ role: Role) -> Bool { keys[role] != nil }

  // MARK: - Changes

  /// Whether the module changes its layer's bias.
  var changesBias: Bool { has(.diffBias) || has(.normBias) || has(.upBias) }

  /// Refuses a module that lacks a tensor which its format needs, or has ones of no format together.
  ///
  /// Throws `ModelError`.
  func check() throws {
    let weights: [[Role]] = [
      [.down, .up], [.hadaW1A, .hadaW1B, .hadaW2A, .hadaW2B],
      [has(.lokrW1) ? .lokrW1 : .lokrW1A, has(.lokrW1) ? .lokrW1 : .lokrW1B]
        + (has(.lokrW2) ? [.lokrW2] : [.lokrW2A, .lokrW2B]),
      [.diff], [.normWeight], [.normScale],
    ]
    let optional: Set<Role> = [.alpha, .mid, .doraScale, .magnitude, .hadaT1, .hadaT2, .lokrT2]
    let started = weights.filter { $0.contains(where: has) }
    guard started.count <= 1 else {
      throw ModelError("\(file.source): the module '\(name)' has tensors of two formats: \(shownKeys)")
    }
    guard let format = started.first else {
      if changesBias, keys.keys.allSatisfy({ [.diffBias, .normBias, .alpha].contains($0) }) { return }
      throw ModelError("\(file.source): the module '\(name)' has nothing but \(shownKeys)")
    }
    if let absent = format.first(where: { !has($0) }) {
      throw ModelError("\(file.source): the module '\(name)' lacks '\(absent.rawValue)': it has \(shownKeys)")
    }
    guard has(.hadaT1) == has(.hadaT2) else {
      throw ModelError(
        "\(file.source): the module '\(name)' has one of 'hada_t1' and 'hada_t2': both or none were expected")
    }
    let extra = keys.keys.filter { !format.contains($0) && !optional.contains($0) }
      .filter { ![.diffBias, .normBias, .upBias].contains($0) }
    guard extra.isEmpty else {
      throw ModelError("\(file.source): the module '\(name)' has tensors of two formats: \(shownKeys)")
    }
  }

  private var shownKeys: String { keys.values.sorted().map { "'\($0)'" }.joined(separator: ", ") }

  /// Makes its changes and one row of each; throws what making them throws.
  func readAll() throws {
    for delta in [try weightChange()?.delta, try bias()?.delta].compactMap({ $0 })
    where delta.rowCount > 0 && delta.columnCount <= Self.mostFactors {
      withUnsafeTemporaryAllocation(of: Float.self, capacity: delta.columnCount) { delta.write(0..<1, to: $0) }
    }
  }

  /// What the module does to its layer's weight [out, in, ...]; nil where it changes none.
  ///
  /// A module for a weight of `columns`, which has had more put behind them, leaves those as they are.
  ///
  /// Throws `Misfit` for a change that does not fit the weight, `ModelError` for tensors that do not fit each other, and what
  /// reading them throws.
  func weightChange(_ weightShape: [Int], orOf ownColumns: Int? = nil) throws -> WeightChange? {
    guard var change = try weightChange() else { return nil }
    let (rows, columns) = (weightShape[0], weightShape.dropFirst().reduce(1, *))
    if let ownColumns, change.delta.columnCount == ownColumns { change.delta = WidenedDelta(change.delta, to: columns) }
    guard change.delta.rowCount == rows, change.delta.columnCount == columns else {
      throw Misfit(
        module: name,
        problem:
          "is for a weight of \(change.delta.rowCount) x \(change.delta.columnCount), and the model's is \(weightShape)"
      )
    }
    if let scale = try tensor(.doraScale) {
      let isByInput = scale.shape.count > 1 && scale.shape[0] == 1 && rows > 1
      try require(.doraScale, scale, count: isByInput ? weightShape.dropFirst().first ?? 1 : rows)
      change.magnitude = .init(values: scale, isByInput: isByInput, formula: .lycoris)
    } else if let magnitude = try tensor(.magnitude) {
      try require(.magnitude, magnitude, count: rows)
      change.magnitude = .init(values: magnitude, isByInput: false, formula: .peft)
    }
    return change
  }

  /// What the module adds to its layer's bias [out]; nil where it adds nothing.
  func biasChange(_ shape: [Int]) throws -> WeightChange? {
    guard let change = try bias() else { return nil }
    guard change.delta.rowCount == shape.reduce(1, *) else {
      throw Misfit(
        module: name, problem: "is for a bias of \(change.delta.rowCount), and the model's is \(shape)")
    }
    return change
  }

  private func bias() throws -> WeightChange? {
    let roles: [Role] = [.diffBias, .normBias, .upBias]
    guard let role = roles.first(where: has), let bias = try tensor(role) else { return nil }
    let scale = try role == .upBias ? scale(rank: self.shape(.down)?.first ?? 1) : 1
    return WeightChange(delta: DenseDelta(bias.reshaped([bias.count])), scale: scale)
  }

  private func require(_ role: Role, _ tensor: Tensor, count: Int) throws {
    guard tensor.count == count else {
      throw Misfit(
        module: name, problem: "has \(tensor.shape) as \(role.rawValue), and the model's layer takes \(count) numbers")
    }
  }

  private func weightChange() throws -> WeightChange? {
    if has(.up) { return try lowRank() }
    if has(.hadaW1A) { return try hadamard() }
    if has(.lokrW1) || has(.lokrW1A) { return try kronecker() }
    let roles: [Role] = [.diff, .normWeight, .normScale]
    guard let role = roles.first(where: has), let tensor = try tensor(role), !tensor.shape.isEmpty else { return nil }
    return WeightChange(delta: DenseDelta(tensor), scale: 1, replaces: role == .normScale)
  }

  private func lowRank() throws -> WeightChange {
    let (down, up) = (try matrix(.down), try matrix(.up))
    let rank = down.shape[0]
    if let mid = try core(.mid) {
      guard up.shape[1] == mid.shape[0] else { throw misshapen(.up, "[out, \(mid.shape[0])]") }
      guard rank == mid.shape[1] else { throw misshapen(.down, "[\(mid.shape[1]), in]") }
      return WeightChange(delta: LowRankDelta(up: up, core: mid, down: down), scale: try scale(rank: rank))
    }
    guard up.shape[1] == rank else { throw misshapen(.up, "[out, \(rank)]") }
    return WeightChange(delta: LowRankDelta(up: up, down: down), scale: try scale(rank: rank))
  }

  private func hadamard() throws -> WeightChange {
    let first = try factors(.hadaW1A, .hadaW1B, core: .hadaT1)
    let second = try factors(.hadaW2A, .hadaW2B, core: .hadaT2)
    guard first.rowCount == second.rowCount, first.columnCount == second.columnCount else {
      throw misshapen(.hadaW2A, "the sizes of the first pair")
    }
    return WeightChange(
      delta: HadamardDelta(first: first, second: second), scale: try scale(rank: shape(.hadaW1B)?.first ?? 1))
  }

  /// Two full factors have no rank, and no scale.
  private func kronecker() throws -> WeightChange {
    let first: any WeightDelta =
      has(.lokrW1) ? DenseDelta(try matrix(.lokrW1)) : try factors(.lokrW1A, .lokrW1B, core: nil)
    let second: any WeightDelta =
      has(.lokrW2) ? DenseDelta(try matrix(.lokrW2)) : try factors(.lokrW2A, .lokrW2B, core: .lokrT2)
    guard first.rowCount * first.columnCount <= Self.mostFactors else {
      throw misshapen(has(.lokrW1) ? .lokrW1 : .lokrW1A, "at most \(Self.mostFactors) numbers")
    }
    let rank = shape(.lokrW2B)?.first ?? shape(.lokrW1B)?.first
    let whole = Tensor(shape: [first.rowCount, first.columnCount]) { first.write(0..<first.rowCount, to: $0) }
    return WeightChange(
      delta: KroneckerDelta(first: whole, second: second), scale: try rank.map { try scale(rank: $0) } ?? 1)
  }

  /// The product of two factors; with a core between them the first one is stored transposed.
  private func factors(_ a: Role, _ b: Role, core role: Role?) throws -> LowRankDelta {
    let (first, second) = (try matrix(a), try matrix(b))
    if let role, let core = try core(role) {
      guard first.shape[0] == core.shape[0] else { throw misshapen(a, "[\(core.shape[0]), out]") }
      guard second.shape[0] == core.shape[1] else { throw misshapen(b, "[\(core.shape[1]), in]") }
      return LowRankDelta(up: first.transposed(), core: core, down: second)
    }
    guard first.shape[1] == second.shape[0] else { throw misshapen(a, "[out, \(second.shape[0])]") }
    return LowRankDelta(up: first, down: second)
  }

  /// The module's own alpha over its own rank, or what the file says beside its tensors; 1 where nothing does.
  private func scale(rank: Int) throws -> Float {
    guard let key = keys[.alpha] else { return config.scale(of: name, rank: rank).map { Float($0) } ?? 1 }
    guard let alpha = try file.number(key) else { throw misshapen(.alpha, "one number") }
    return Float(alpha / Double(max(rank, 1)))
  }

  // MARK: - Tensors

  private func tensor(_ role: Role) throws -> Tensor? {
    try keys[role].map { key in
      let tensor = try file.tensor(key)
      guard tensor.count > 0 else { throw misshapen(role, "numbers") }
      return tensor
    }
  }

  /// A tensor as a matrix, all axes after the first as one.
  private func matrix(_ role: Role) throws -> Tensor {
    guard let tensor = try tensor(role), tensor.shape.count >= 2 else {
      throw misshapen(role, "two dimensions or more")
    }
    return DenseDelta(tensor).values
  }

  /// A core [a, b, kh, kw].
  private func core(_ role: Role) throws -> Tensor? {
    guard let tensor = try tensor(role) else { return nil }
    guard tensor.shape.count == 4, tensor.shape[0] <= Self.mostRank else {
      throw misshapen(role, "[rank, rank, height, width]")
    }
    return tensor
  }

  private func misshapen(_ role: Role, _ expected: String) -> ModelError {
    let found = shape(role).map { "\($0)" } ?? "absent"
    return ModelError("\(file.source): '\(keys[role] ?? role.rawValue)' is \(found); \(expected) was expected")
  }
}

extension Tensor {
  /// [a, b] -> [b, a].
  fileprivate func transposed() -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    return Tensor(shape: [columns, rows]) { target in
      withUnsafeBufferPointer { source in
        for row in 0..<rows {
          for column in 0..<columns { target[column * rows + row] = source[row * columns + column] }
        }
      }
    }
  }
}
