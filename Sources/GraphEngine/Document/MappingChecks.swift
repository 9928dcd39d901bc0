import Diagnostics
import YAMLTree

/// Checks that every part of a document shares: kinds of values, known keys, well-formed names.
extension DocumentReader {
  /// `node` as a mapping, an empty value being an empty one.
  func mapping(_ node: YAMLNode, of owner: String) -> YAMLMapping? {
    if let mapping = node.mapping { return mapping }
    if let scalar = node.scalar, scalar.isPlain, scalar.text.isEmpty { return YAMLMapping([], isFlow: false) }
    collector.error("\(owner) takes a mapping, not \(node.kind)", at: node.location)
    return nil
  }

  /// The entries of the mapping under `key`; none when it is absent.
  func entries(of key: String, in mapping: YAMLMapping) -> [YAMLEntry] {
    guard let node = mapping[key] else { return [] }
    return self.mapping(node, of: "'\(key)'")?.entries ?? []
  }

  /// `node` as a text.
  func text(_ node: YAMLNode, of key: String) -> Located<String>? {
    guard let scalar = node.scalar else {
      collector.error("'\(key)' takes a text or a number, not \(node.kind)", at: node.location)
      return nil
    }
    return Located(scalar.text, at: node.location)
  }

  func literal(_ text: Located<String>, at node: YAMLNode) -> Literal? {
    guard let scalar = node.scalar else { return nil }
    return Literal(scalar, at: text.location, id: ids.next(), into: collector)
  }

  /// Reports keys that `owner` does not have.
  ///
  /// Returns the mapping with slips mended, so that what a misspelt key holds is read and not reported as missing.
  func mended(_ mapping: YAMLMapping, _ owner: String, known: [String], ignoring prefix: String? = nil) -> YAMLMapping {
    annotateKeys(of: mapping, owner, known: known)
    var absent = known.filter { mapping[$0] == nil }
    var hints: Set<String> = []
    let entries = mapping.entries.enumerated().map { number, entry in
      let key = entry.key.value
      if known.contains(key) || prefix.map(key.hasPrefix) == true { return entry }
      let foreign = Self.foreignKeys[key].flatMap { absent.contains($0) ? $0 : nil }
      let near = foreign ?? nearestName(to: key, among: absent)
      let hint = blankHint(for: entry, known: known) ?? commaHint(for: number, in: mapping)
      if let hint, !hints.insert(hint.text).inserted { return entry }
      let meant = foreign.map { "'\($0)' is its name here" } ?? near.map { "did you mean '\($0)'?" }
      collector.error(
        "\(owner) has no key '\(key)'", at: entry.key.location,
        notes: [hint?.text ?? meant ?? "its keys are \(known.joined(separator: ", "))"],
        fix: hint.map(\.fix) ?? Fix(replacing: key, by: near, at: entry.key.location))
      guard hint == nil, let near else { return entry }
      absent.removeAll { $0 == near }
      return YAMLEntry(Located(near, at: entry.key.location), entry.value)
    }
    return YAMLMapping(entries, isFlow: mapping.isFlow)
  }

  /// In braces, a comma ends an unquoted text and its rest becomes a key without a value; tells how to mend that.
  func commaHint(for number: Int, in mapping: YAMLMapping) -> KeyHint? {
    guard mapping.isFlow, number > 0 else { return nil }
    func isRest(_ entry: YAMLEntry) -> Bool { entry.value.scalar.map { $0.isPlain && $0.text.isEmpty } ?? false }
    guard isRest(mapping.entries[number]) else { return nil }
    // The rest of a text with several commas makes several keys.
    guard let first = mapping.entries[..<number].lastIndex(where: { !isRest($0) }) else { return nil }
    guard let text = mapping.entries[first].value.scalar, text.isPlain else { return nil }
    let cut = mapping.entries[(first + 1)...].prefix(while: isRest).map(\.key.value)
    let whole = ([text.text] + cut).joined(separator: ", ")
    return KeyHint(
      text: "a comma ends a text in braces; quote it: \(mapping.entries[first].key.value): \"\(whole)\"",
      fix: Fix(.replace(old: whole, new: "\"\(whole)\""), at: mapping.entries[first].value.location))
  }

  /// Without a blank after its colon a key swallows its value; tells how to mend that.
  ///
  /// - Parameter known: the keys there are; any when nil.
  func blankHint(for entry: YAMLEntry, known: [String]?) -> KeyHint? {
    guard let colon = entry.key.value.firstIndex(of: ":"), entry.value.scalar?.text.isEmpty == true else { return nil }
    let key = String(entry.key.value[..<colon])
    let rest = entry.key.value[entry.key.value.index(after: colon)...]
    guard !rest.isEmpty, known?.contains(key) ?? key.unicodeScalars.allSatisfy(\.isNamePart) else { return nil }
    return KeyHint(
      text: "a blank is missing after the colon: '\(key): \(rest)'",
      fix: Fix(.replace(old: entry.key.value, new: "\(key): \(rest)"), at: entry.key.location))
  }

  /// What other tools call the keys of members.
  static let foreignKeys = [
    "type": "node", "class_type": "node", "class": "node", "op": "node", "kind": "node",
    "inputs": "in", "input": "in", "wires": "in",
    "params": "with", "parameters": "with", "settings": "with", "args": "with", "config": "with",
    "widgets_values": "with",
    "subgraph": "graph", "workflow": "graph", "call": "graph", "include": "graph", "repeat": "loop", "for": "loop",
    "body": "nodes", "steps": "nodes", "outputs": "yield", "results": "yield", "list": "collect",
  ]

  func isName(_ name: Located<String>, of owner: String, allowsHyphen: Bool) -> Bool {
    if ReservedName.all.contains(name.value) {
      collector.error("'\(name.value)' is reserved and can't name \(owner)", at: name.location)
      return false
    }
    let scalars = name.value.unicodeScalars
    guard scalars.first?.isNameStart == true,
      scalars.allSatisfy({ $0.isNamePart || allowsHyphen && $0 == "-" })
    else {
      let others = allowsHyphen ? "letters, digits, '_' and '-'" : "letters, digits and '_'"
      collector.error(
        "'\(name.value)' can't name \(owner): a name starts with one of a-z, A-Z and '_', and has \(others)",
        at: name.location)
      return false
    }
    return true
  }
}

/// How a key came to be that was not meant to be one.
struct KeyHint: Sendable {
  let text: String
  let fix: Fix
}
