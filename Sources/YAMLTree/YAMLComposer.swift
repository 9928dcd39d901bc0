import Diagnostics

extension SourceFile {
  /// Reads the file's text as one YAML document.
  ///
  /// Returns nil after text that is no YAML or is over a limit; other problems (repeated keys, tags, merge keys) are
  /// collected on the way, and the tree goes on without what they concern.
  package func parseYAML(
    limits: YAMLLimits = YAMLLimits(), into collector: DiagnosticCollector
  ) -> YAMLNode? {
    do throws(Diagnostic) {
      var composer = try YAMLComposer(self, limits: limits, collector: collector)
      return try composer.composeDocument()
    } catch {
      collector.add(error)
      return nil
    }
  }
}

/// Builds the tree out of events: expands aliases, keeps the limits, refuses what workflow files leave out of YAML.
private struct YAMLComposer {
  private let places: PlaceTable
  private let limits: YAMLLimits
  private let collector: DiagnosticCollector
  private let reader: YAMLEventReader
  private var anchors: [String: Anchor] = [:]
  private var openAnchors: Set<String> = []
  private var nodeCount = 0
  private var aliasCount = 0

  /// A node with a name, and what using it again adds to the limits.
  private struct Anchor {
    let node: YAMLNode
    let size: Int
    let height: Int
  }

  init(_ file: SourceFile, limits: YAMLLimits, collector: DiagnosticCollector) throws(Diagnostic) {
    self.limits = limits
    self.collector = collector
    places = PlaceTable(file)
    if let control = places.controlCharacter {
      let code = String(control.value, radix: 16, uppercase: true)
      let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
      throw Diagnostic(
        "the control character U+\(padded) can't stand in a YAML file", at: places.location(control.index))
    }
    do { reader = try YAMLEventReader(YAMLSource(file.text)) } catch { throw error.diagnostic(places) }
  }

  mutating func composeDocument() throws(Diagnostic) -> YAMLNode {
    var event = try next()
    if case .streamStart = event.kind { event = try next() }
    guard case .documentStart = event.kind else {
      throw Diagnostic("the file is empty", at: places.location(0))
    }
    let (root, _) = try compose(try next(), depth: 1)
    _ = try next()
    let after = try next()
    if case .documentStart = after.kind {
      throw Diagnostic(
        "a file holds one YAML document, but a second one starts here", at: places.location(after.start))
    }
    return root
  }

  private func next() throws(Diagnostic) -> YAMLEvent {
    do { return try reader.next() } catch { throw error.diagnostic(places) }
  }

  /// Composes the node that starts with `event`; also returns its height, 1 for a scalar.
  private mutating func compose(_ event: YAMLEvent, depth: Int) throws(Diagnostic) -> (YAMLNode, height: Int) {
    let location = places.location(event.start)
    if case .alias(let name) = event.kind { return try expand(name, at: location, depth: depth) }

    try count(1, at: location)
    try check(depth: depth, at: location)
    let countBefore = nodeCount - 1
    if let anchor = event.anchor { openAnchors.insert(anchor) }
    var height = 0
    let node: YAMLNode
    switch event.kind {
    case .scalar(let scalar):
      refuse(tag: event.tag, onScalar: true, isAlone: scalar.isPlain && scalar.text.isEmpty, at: location)
      node = YAMLNode(.scalar(scalar), at: location)
    case .sequenceStart:
      refuse(tag: event.tag, onScalar: false, at: location)
      var items: [YAMLNode] = []
      while true {
        let event = try next()
        if case .sequenceEnd = event.kind { break }
        let (item, itemHeight) = try compose(event, depth: depth + 1)
        items.append(item)
        height = max(height, itemHeight)
      }
      node = YAMLNode(.sequence(items), at: location)
    case .mappingStart(let isFlow):
      refuse(tag: event.tag, onScalar: false, at: location)
      let entries = try composeEntries(depth: depth, height: &height)
      node = YAMLNode(.mapping(YAMLMapping(entries, isFlow: isFlow)), at: location)
    default:
      throw Diagnostic("expected a text, a list or a mapping", at: location)
    }
    height += 1
    if let anchor = event.anchor {
      openAnchors.remove(anchor)
      anchors[anchor] = Anchor(node: node, size: nodeCount - countBefore, height: height)
    }
    return (node, height)
  }

  private mutating func composeEntries(depth: Int, height: inout Int) throws(Diagnostic) -> [YAMLEntry] {
    var entries: [YAMLEntry] = []
    var places: [String: SourceLocation] = [:]
    while true {
      let keyEvent = try next()
      if case .mappingEnd = keyEvent.kind { return entries }
      let countBefore = nodeCount
      let (keyNode, _) = try compose(keyEvent, depth: depth + 1)
      nodeCount = countBefore
      let (value, valueHeight) = try compose(try next(), depth: depth + 1)
      height = max(height, valueHeight)
      guard let scalar = keyNode.scalar else {
        collector.error("a key must be a text, not \(keyNode.kind)", at: keyNode.location)
        continue
      }
      let key = Located(scalar.text, at: keyNode.location)
      if key.value == "<<", scalar.isPlain {
        collector.error(
          "the merge key '<<' is not supported", at: key.location,
          notes: ["write the keys out, or use a whole value again with an alias"])
      } else if let first = places[key.value] {
        collector.error(
          "the key '\(key.value)' is written twice", at: key.location,
          notes: ["first at \(first)"])
      } else {
        places[key.value] = key.location
        entries.append(YAMLEntry(key, value))
      }
    }
  }

  private mutating func expand(
    _ name: String, at location: SourceLocation, depth: Int
  ) throws(Diagnostic) -> (YAMLNode, height: Int) {
    guard !openAnchors.contains(name) else {
      throw Diagnostic("the alias '*\(name)' stands inside what it names", at: location)
    }
    guard let anchor = anchors[name] else {
      throw Diagnostic(
        "there is no anchor '&\(name)' before this alias", at: location,
        notes: [nearestNameNote(to: name, among: anchors.keys)].compactMap { $0 },
        fix: Fix(replacing: "*" + name, by: nearestName(to: name, among: anchors.keys).map { "*" + $0 }, at: location))
    }
    aliasCount += 1
    guard aliasCount <= limits.aliases else {
      throw Diagnostic("the file has more than \(limits.aliases) aliases", at: location)
    }
    try count(anchor.size, at: location)
    try check(depth: depth + anchor.height - 1, at: location)
    return (anchor.node, anchor.height)
  }

  private mutating func count(_ added: Int, at location: SourceLocation) throws(Diagnostic) {
    nodeCount += added
    guard nodeCount <= limits.nodes else {
      throw Diagnostic("the file has more than \(limits.nodes) values, aliases expanded", at: location)
    }
  }

  private func check(depth: Int, at location: SourceLocation) throws(Diagnostic) {
    guard depth <= limits.depth else {
      throw Diagnostic("values are nested more than \(limits.depth) deep", at: location)
    }
  }

  /// - Parameter isAlone: whether nothing follows the tag, which then may be meant as a text.
  private func refuse(tag: String?, onScalar: Bool, isAlone: Bool = false, at location: SourceLocation) {
    guard let tag, !(onScalar && tag == "tag:yaml.org,2002:str") else { return }
    let standard = "tag:yaml.org,2002:"
    let shown = tag.hasPrefix(standard) ? "!!" + tag.dropFirst(standard.count) : tag
    collector.error(
      "the tag '\(shown)' is not supported", at: location,
      notes: [
        "types are declared by ports and params, so no tag is needed",
        isAlone && tag.hasPrefix("!") ? "a text that starts with '!' needs quotes" : nil,
      ])
  }
}
