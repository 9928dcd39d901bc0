import Safetensors

/// What one layout calls the weights of a model part: its names, and the slots they fill.
///
/// A slot is the name by which a model asks for a weight, that of diffusers' or transformers' module. Layers know slots
/// alone; a layout is a table of rules and nothing else.
package struct NameTable: Sendable {
  /// A published name, or a dotted beginning of names, and the slot, or beginning of slots, that it fills.
  struct Rule: Sendable {
    let published: String
    /// Several where rows of one tensor are weights of several layers.
    let places: [WeightPlace]

    init(_ published: String, _ slot: String, _ view: WeightPlace.View = .whole) {
      (self.published, places) = (published, [WeightPlace(slot, view)])
    }

    /// A tensor that holds the rows of several weights one after the other, each as many equal shares of them as is told.
    init(joined published: String, _ slots: [(slot: String, shares: Int)]) {
      let count = slots.reduce(0) { $0 + $1.shares }
      var (places, first): ([WeightPlace], Int) = ([], 0)
      for (slot, shares) in slots {
        places.append(WeightPlace(slot, .rows(first..<first + shares, of: count)))
        first += shares
      }
      (self.published, self.places) = (published, places)
    }

    /// A tensor that holds the rows of several weights of one size.
    init(joined published: String, _ slots: [String]) { self.init(joined: published, slots.map { ($0, 1) }) }
  }

  /// What all names of the part begin with, such as `model.diffusion_model.`.
  package let prefix: String
  private let rules: [String: Rule]
  private let publishedNames: [String: String]

  init(prefix: String = "", _ rules: [Rule]) {
    self.prefix = prefix
    self.rules = Dictionary(rules.map { ($0.published, $0) }, uniquingKeysWith: { first, _ in first })
    publishedNames = Dictionary(
      rules.flatMap { rule in rule.places.map { ($0.slot, rule.published) } }, uniquingKeysWith: { first, _ in first })
  }

  /// All rules, for a layout that has more.
  var rulesOfNames: [Rule] { Array(rules.values) }

  /// The slots that a tensor of this name fills, none when the name is not of the part.
  package func slots(of name: String) -> [WeightPlace] {
    guard name.hasPrefix(prefix), let (rule, rest) = Self.longest(name.dropFirst(prefix.count), in: rules) else {
      return []
    }
    return rule.places.map { WeightPlace(Self.joined($0.slot, rest), $0.view) }
  }

  /// The name of the tensor that fills a slot, which may fill others too; nil when the layout has no such slot.
  package func name(ofSlot slot: String) -> String? {
    Self.longest(slot[...], in: publishedNames).map { prefix + Self.joined($0.0, $0.1) }
  }

  /// A beginning and the rest of a dotted name, either of which may be empty.
  private static func joined(_ beginning: String, _ rest: Substring) -> String {
    let rest = rest.hasPrefix(".") ? rest.dropFirst() : rest
    return beginning.isEmpty || rest.isEmpty ? beginning + rest : "\(beginning).\(rest)"
  }

  /// The entry for the longest dotted beginning of a name, and what follows it.
  private static func longest<Entry>(_ name: Substring, in entries: [String: Entry]) -> (Entry, Substring)? {
    var end = name.endIndex
    while true {
      if let entry = entries[String(name[..<end])] { return (entry, name[end...]) }
      guard let dot = name[..<end].lastIndex(of: ".") else {
        return entries[""].map { entry in (entry, name) }
      }
      end = dot
    }
  }
}
