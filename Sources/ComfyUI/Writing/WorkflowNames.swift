/// Names of nodes and params: letters, digits and `_`, each once.
struct WorkflowNames {
  private var taken: Set<String>
  /// By a name, the last number behind it.
  private var numbers: [String: Int] = [:]

  init(reserved: Set<String> = ["carry", "inputs", "none"]) { taken = reserved }

  /// A name made of a title: nil for one of no letters, or too long to be one.
  static func name(from title: String) -> String? {
    var name = ""
    for scalar in title.lowercased().unicodeScalars {
      let isWord = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      if isWord { name.unicodeScalars.append(scalar) } else if !name.isEmpty, !name.hasSuffix("_") { name += "_" }
    }
    while name.hasSuffix("_") { name.removeLast() }
    guard let first = name.unicodeScalars.first, name.count <= 40 else { return nil }
    return first.properties.isAlphabetic ? name : "_" + name
  }

  /// `name`, or with the first number from 2 on that makes it another one.
  mutating func unique(_ name: String) -> String {
    var candidate = name
    while !taken.insert(candidate).inserted {
      numbers[name, default: 1] += 1
      candidate = "\(name)_\(numbers[name] ?? 2)"
    }
    return candidate
  }
}
