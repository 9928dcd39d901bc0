import Diagnostics
import YAMLTree

/// The part of the document that stands under `nodes`.
extension DocumentReader {
  /// Reads the `nodes` of a workflow or loop.
  func readMembers(_ mapping: YAMLMapping, of owner: String, at location: SourceLocation) -> [MemberDocument] {
    let entries = entries(of: "nodes", in: mapping)
    if entries.isEmpty, mapping["nodes"].map({ $0.mapping != nil || $0.scalar?.text.isEmpty == true }) ?? true {
      let key = mapping.entries.first { $0.key.value == "nodes" }?.key
      collector.error("\(owner) needs 'nodes'", at: key?.location ?? location)
    }
    return entries.compactMap(readMember)
  }

  private func readMember(_ entry: YAMLEntry) -> MemberDocument? {
    let name = entry.key
    let hasName = isName(name, of: "a node", allowsHyphen: true)
    let mapping = mapping(entry.value, of: "the node '\(name.value)'")
    let description = mapping?["description"].flatMap { text($0, of: "description") }?.value
    let content = mapping.flatMap { readContent($0, name: name) }
    return hasName ? MemberDocument(name: name, description: description, content: content) : nil
  }

  private func readContent(_ mapping: YAMLMapping, name: Located<String>) -> MemberDocument.Content? {
    annotateKeys(of: mapping, "a node, loop or call", known: Self.kindKeys + ["description"])
    let kinds = mapping.entries.filter { Self.kindKeys.contains($0.key.value) }
    let slip = mapping.entries.first { !Self.memberKeys.contains($0.key.value) && Self.kind(meantBy: $0.key) != nil }
    guard let kind = kinds.first ?? slip else {
      let hint = mapping.entries.lazy.compactMap { self.blankHint(for: $0, known: Self.kindKeys) }.first
      collector.error(
        "'\(name.value)' needs one of the keys 'node', 'loop' and 'graph'", at: name.location, notes: [hint?.text],
        fix: hint?.fix)
      return nil
    }
    if kinds.count > 1 {
      collector.error(
        "'\(name.value)' has '\(kind.key.value)' and '\(kinds[1].key.value)', but only one can be",
        at: kinds[1].key.location)
      return nil
    }
    return switch kinds.first?.key.value ?? Self.kind(meantBy: kind.key) {
    case "node": .node(readNode(kind.value, in: mapping))
    case "loop": .loop(readLoop(kind, in: mapping))
    default: readGraph(kind.value, in: mapping).map { .graph($0) }
    }
  }

  /// Which of 'node', 'loop' and 'graph' a key that is none was probably meant to be.
  private static func kind(meantBy key: Located<String>) -> String? {
    if let foreign = foreignKeys[key.value], kindKeys.contains(foreign) { return foreign }
    return nearestName(to: key.value, among: kindKeys)
  }

  private func readNode(_ typeNode: YAMLNode, in mapping: YAMLMapping) -> NodeDocument {
    let mapping = mended(mapping, "a node", known: Self.nodeKeys, ignoring: Self.ownPrefix)
    var node = NodeDocument(
      type: text(typeNode, of: "node"), inputs: readInputs(in: mapping), parameters: readLiterals(in: mapping))
    annotateCache(in: mapping)
    node.standIn = mapping["else"].flatMap { readWire($0, name: "else") }
    if let place = mapping["if"] {
      node.condition = text(place, of: "if").flatMap { literal($0, at: place) }
      if mapping["else"] == nil {
        collector.error(
          "'if' needs an 'else': the wire that stands in for the node where it is false, or none", at: place.location)
      }
    }
    if let place = mapping["cache"], let text = text(place, of: "cache") {
      let policies = CachePolicy.allCases.map(\.rawValue)
      switch ValueType.choice(policies).read(text.value) {
      case .success: node.cache = CachePolicy(rawValue: text.value)
      case .failure(let problem):
        collector.error(
          "'cache' takes \(problem.expectation)", at: place.location, notes: problem.notes,
          fix: Fix(replacing: text.value, by: problem.nearest, at: place.location))
      }
    }
    return node
  }

  private func readLoop(_ loop: YAMLEntry, in mapping: YAMLMapping) -> LoopDocument {
    let mapping = mended(mapping, "a loop", known: Self.loopKeys, ignoring: Self.ownPrefix)
    let carry = readNamedWires("carry", in: mapping)
    let yields = readNamedWires("yield", in: mapping)
    let collects = readNamedWires("collect", in: mapping)
    for entry in collects where yields.contains(where: { $0.name.value == entry.name.value }) {
      collector.error(
        "'\(entry.name.value)' is yielded and collected", at: entry.name.location, notes: ["give one another name"])
    }
    let members = readMembers(mapping, of: "a loop", at: loop.key.location)
    var document = LoopDocument(
      location: loop.key.location, carry: carry, members: members, yields: yields, collects: collects)
    guard var header = self.mapping(loop.value, of: "'loop'") else { return document }
    header = mended(header, "'loop'", known: Self.loopRangeKeys)
    if let node = header["index"], let name = text(node, of: "index"),
      isName(name, of: "a loop index", allowsHyphen: false)
    {
      document.index = name
    }
    document.range = readRange(header, at: loop.key.location)
    return document
  }

  private func readRange(_ header: YAMLMapping, at location: SourceLocation) -> LoopRange? {
    func bound(_ key: String) -> Literal? {
      header[key].flatMap { node in text(node, of: key).flatMap { literal($0, at: node) } }
    }
    switch (header["times"] != nil, header["from"] != nil, header["to"] != nil) {
    case (true, false, false): return bound("times").map { .times($0) }
    case (false, true, true):
      guard let from = bound("from"), let to = bound("to") else { return nil }
      return .between(from: from, to: to)
    default:
      collector.error("'loop' takes either 'times', or 'from' and 'to'", at: location)
      return nil
    }
  }

  private func readGraph(_ source: YAMLNode, in mapping: YAMLMapping) -> GraphDocument? {
    let mapping = mended(mapping, "a subgraph call", known: Self.graphKeys, ignoring: Self.ownPrefix)
    let inputs = readInputs(in: mapping)
    let parameters = readLiterals(in: mapping)
    if source.mapping == nil { annotations?.expect(.file, at: source.location) }
    let content: GraphDocument.Source?
    if source.mapping != nil {
      content = readInline(source).map { .inline($0) }
    } else {
      content = text(source, of: "graph").flatMap { literal($0, at: source) }.map { .file($0) }
    }
    return content.map {
      GraphDocument(id: ids.next(), location: source.location, source: $0, inputs: inputs, parameters: parameters)
    }
  }

  // MARK: Wires and literals

  private func readInputs(in mapping: YAMLMapping) -> [InputBinding] {
    entries(of: "in", in: mapping).map { entry -> InputBinding in
      switch entry.value.content {
      case .mapping:
        collector.error("'\(entry.key.value)' takes a wire, not a mapping", at: entry.value.location)
        return InputBinding(name: entry.key, wires: nil, isList: false, location: entry.value.location)
      case .sequence(let items):
        let wires = items.compactMap { readWire($0, name: entry.key.value) }
        return InputBinding(
          name: entry.key, wires: wires.count == items.count ? wires : nil, isList: true,
          location: entry.value.location)
      case .scalar:
        let wire = readWire(entry.value, name: entry.key.value)
        return InputBinding(
          name: entry.key, wires: wire.map { [$0] }, isList: false, location: entry.value.location)
      }
    }
  }

  private func readLiterals(in mapping: YAMLMapping) -> [LiteralBinding] {
    guard let with = mapping["with"] else { return [] }
    let entries = entries(of: "with", in: mapping)
    return entries.enumerated().map { number, entry in
      let hint = blankHint(for: entry, known: nil) ?? with.mapping.flatMap { commaHint(for: number, in: $0) }
      return LiteralBinding(name: entry.key, value: readLiterals(entry.value, of: entry.key.value), hint: hint)
    }
  }

  func readLiterals(_ node: YAMLNode, of key: String) -> LiteralBinding.Value? {
    guard let items = node.sequence else {
      return text(node, of: key).flatMap { literal($0, at: node) }.map { .one($0) }
    }
    let literals = items.compactMap { item in text(item, of: key).flatMap { literal($0, at: item) } }
    return literals.count == items.count ? .list(literals, node.location) : nil
  }

  /// Reads `carry`, `yield`, `collect` or `outputs`.
  func readNamedWires(_ key: String, in mapping: YAMLMapping) -> [NamedWire] {
    entries(of: key, in: mapping).compactMap { entry in
      let wire = readWire(entry.value, name: entry.key.value)
      guard isName(entry.key, of: "an entry of '\(key)'", allowsHyphen: false) else { return nil }
      return NamedWire(name: entry.key, wire: wire)
    }
  }

  private func readWire(_ node: YAMLNode, name: String) -> WireReference? {
    guard let scalar = node.scalar else {
      collector.error("'\(name)' takes a wire, not \(node.kind)", at: node.location)
      return nil
    }
    if let wire = WireReference(scalar.text, at: node.location) { return wire }
    collector.error(
      "'\(scalar.text)' is no wire: a wire is 'node' or 'node.port'", at: node.location,
      notes: [hint(forWire: scalar.text)])
    return nil
  }

  private func hint(forWire text: String) -> String? {
    if text.contains("$(") || text.contains(" ") { return "texts, numbers and '$(...)' stand under 'with'" }
    if let slash = text.firstIndex(of: "/"), text[..<slash].contains("=") {
      let inside = String(text[text.index(after: slash)...])
      guard WireReference(inside, at: SourceLocation(argument: "")) != nil else { return nil }
      return "a wire stays within its point of a sweep: write '\(inside)'"
    }
    return text.contains("[") || text.contains("/")
      ? "into a loop or a subgraph it is an address, such as 'sample[5]/next.latent'" : nil
  }
}
