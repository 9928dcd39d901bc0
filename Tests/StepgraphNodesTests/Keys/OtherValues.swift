import GraphEngine

extension ParameterDeclaration {
  /// A few values that are within the parameter's range and not `value`; none for a path.
  func values(otherThan value: ParameterValue) -> [ParameterValue] { values(of: type, otherThan: value) }

  private func values(of type: ParameterType, otherThan value: ParameterValue) -> [ParameterValue] {
    let (low, high) = (min ?? -.infinity, max ?? .infinity)
    switch (type, value) {
    case (.path, _): return []
    case (.string, .string(let text)): return [.string(text + "x")]
    // Some texts are sizes.
    case (.string, _): return [.string("x"), .string("8x8")]
    case (.bool, .bool(let flag)): return [.bool(!flag)]
    case (.bool, _): return [.bool(true)]
    case (.choice(let options), _): return options.map { .string($0) }.filter { $0 != value }
    case (.int, .int(let number)):
      return [number + 1, number - 1].filter { (low...high).contains(Double($0)) }.map { .int($0) }
    case (.int, _):
      let least = Swift.max(low, 1)
      return [.int(Int128(least)), .int(Int128(Swift.min(least + 6, high, 1e9)))]
    case (.float, .float(let number)):
      return [number + 0.5, number - 0.5, (number + low) / 2, (number + high) / 2]
        .filter { $0.isFinite && $0 != number && (low...high).contains($0) }.map { .float($0) }
    case (.float, _): return [.float(low.isFinite ? low : Swift.min(high, 1))]
    case (.list(let item), .list(let items)):
      return values(of: item, otherThan: .absent).map { .list(items + [$0]) }
    case (.list(.float), _): return [.list([.float(10), .float(1)]), .list([.float(1)])]
    case (.list(.int), _): return [.list([.int(999), .int(500)]), .list([.int(1)])]
    case (.list(let item), _): return values(of: item, otherThan: .absent).map { .list([$0]) }
    }
  }
}
