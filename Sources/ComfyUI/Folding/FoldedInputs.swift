import JSONTree

/// The inputs of a node whose outputs can be computed, values before them filled in.
struct FoldedInputs {
  let inputs: [String: ComfyInput]

  subscript(name: String) -> ComfyValue? { inputs[name]?.value }

  /// The one of the first name.
  var first: ComfyValue? { inputs.min { $0.key < $1.key }?.value.value }

  func text(_ name: String) -> String? {
    if case .text(let text)? = self[name] { text } else { nil }
  }

  func number(_ name: String) -> Double? {
    switch self[name] {
    case .number(let number): number.double
    case .flag(let flag): flag ? 1 : 0
    default: nil
    }
  }

  func flag(_ name: String) -> Bool? {
    if case .flag(let flag)? = self[name] { flag } else { number(name).map { $0 != 0 } }
  }

  /// Numbers by what follows `start` in their names.
  func numbers(after start: String) -> [String: Double] {
    var numbers: [String: Double] = [:]
    for name in inputs.keys where name.hasPrefix(start) { numbers[String(name.dropFirst(start.count))] = number(name) }
    return numbers
  }
}
