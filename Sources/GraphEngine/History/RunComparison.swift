/// Two runs side by side, or the last run and what is planned now: what differs, and what made it differ.
package struct RunComparison: Sendable {
  /// Something that a user, a file or a new build changed.
  package struct Cause: Sendable, Hashable, Encodable {
    package enum Kind: String, Sendable, Encodable {
      case parameter, file, wire, type, version, numerics, added, format
    }

    package let kind: Kind
    /// The address of the node that it concerns first.
    package let node: String
    /// The parameter, the file or the input.
    package var name: String?
    /// As it was and as it is; nil where it was or is left out.
    package var was: String?
    package var `is`: String?
  }

  package let before: RunManifest
  package let after: RunManifest
  private let earlier: [String: RunManifest.Node]
  private let later: [String: RunManifest.Node]
  private let order: [String: Int]

  package init(before: RunManifest, after: RunManifest) {
    self.before = before
    self.after = after
    earlier = Dictionary(before.nodes.map { ($0.node, $0) }, uniquingKeysWith: { $1 })
    later = Dictionary(after.nodes.map { ($0.node, $0) }, uniquingKeysWith: { $1 })
    order = Dictionary(after.nodes.enumerated().map { ($1.node, $0) }, uniquingKeysWith: { $1 })
  }

  /// The changes furthest upstream that made a node's key another one, in the order of the graph.
  package func causes(of address: String) -> [Cause] {
    guard let now = later[address] else { return [] }
    guard let then = earlier[address] else { return [Cause(kind: .added, node: address)] }
    var walk = Walk(comparison: self)
    walk.compare(then, now, port: nil)
    return walk.causes.enumerated()
      .sorted { (order[$0.element.node] ?? 0, $0.offset) < (order[$1.element.node] ?? 0, $1.offset) }.map(\.element)
  }

  /// The earlier run's node of an address.
  func earlierNode(_ address: String) -> RunManifest.Node? { earlier[address] }

  private struct Walk {
    private struct Visit: Hashable {
      let then: String
      let now: String
      let port: String?
    }

    let comparison: RunComparison
    private(set) var causes: [Cause] = []
    private var known: Set<Cause> = []
    private var visited: Set<Visit> = []
    /// Whether a cause was found at the node in hand.
    private var isExplained = false

    init(comparison: RunComparison) { self.comparison = comparison }

    /// Walks upstream without recursion: loops of a thousand steps are deep.
    mutating func compare(_ then: RunManifest.Node, _ now: RunManifest.Node, port: String?) {
      var stack: [(then: RunManifest.Node, now: RunManifest.Node, port: String?)] = [(then, now, port)]
      while let (then, now, port) = stack.popLast() {
        guard visited.insert(Visit(then: then.node, now: now.node, port: port)).inserted else { continue }
        let (thenKey, nowKey) = (port.map(then.key) ?? then.key, port.map(now.key) ?? now.key)
        if thenKey == nowKey { continue }
        isExplained = false
        compareNodes(then, now, port: port)
        let producers = compareWires(then, now)
        stack += producers.reversed()
        if !isExplained, producers.isEmpty { add(Cause(kind: .format, node: now.node)) }
      }
    }

    private mutating func add(_ cause: Cause) {
      isExplained = true
      if known.insert(cause).inserted { causes.append(cause) }
    }

    /// What is different in the node itself.
    private mutating func compareNodes(_ then: RunManifest.Node, _ now: RunManifest.Node, port: String?) {
      guard then.type == now.type else {
        add(Cause(kind: .type, node: now.node, was: then.type, is: now.type))
        return
      }
      if then.version != now.version {
        add(Cause(kind: .version, node: now.node, name: now.type, was: "\(then.version)", is: "\(now.version)"))
      }
      if then.computes || now.computes, comparison.before.numerics != comparison.after.numerics {
        // One cause for all nodes.
        add(Cause(kind: .numerics, node: "", was: comparison.before.numerics, is: comparison.after.numerics))
      }
      for name in Set(then.parameters.keys).union(now.parameters.keys).sorted()
      where then.parameters[name] != now.parameters[name] {
        add(
          Cause(
            kind: .parameter, node: now.node, name: name, was: then.parameters[name], is: now.parameters[name]))
      }
      compareFiles(then.files(reaching: port), now.files(reaching: port), of: now.node)
    }

    /// Files with other bytes are causes; one that only has another name was moved.
    private mutating func compareFiles(
      _ old: [RunManifest.Node.File], _ new: [RunManifest.Node.File], of node: String
    ) {
      typealias File = RunManifest.Node.File
      var (gone, come) = (old, new)
      func takePairs(_ belong: (File, File) -> Bool) -> [(was: File?, is: File?)] {
        var pairs: [(was: File?, is: File?)] = []
        gone.removeAll { file in
          guard let other = come.firstIndex(where: { belong(file, $0) }) else { return false }
          pairs.append((file, come.remove(at: other)))
          return true
        }
        return pairs
      }
      _ = takePairs { $0.name == $1.name && $0.digest == $1.digest }
      var changes = takePairs { $0.name == $1.name }
      _ = takePairs { $0.digest == $1.digest }
      if gone.count == 1, come.count == 1 { changes += takePairs { _, _ in true } }
      changes += gone.map { ($0, nil) } + come.map { (nil, $0) }
      // The same files in other places.
      if changes.isEmpty { changes = zip(old, new).filter { $0.digest != $1.digest } }
      for (was, now) in changes.sorted(by: { ($0.is ?? $0.was)?.name ?? "" < ($1.is ?? $1.was)?.name ?? "" }) {
        add(
          Cause(
            kind: .file, node: node, name: (now ?? was)?.name, was: was?.digest.description,
            is: now?.digest.description))
      }
    }

    /// Inputs wired to other nodes are causes; those whose nodes changed are gone after.
    private mutating func compareWires(
      _ then: RunManifest.Node, _ now: RunManifest.Node
    ) -> [(then: RunManifest.Node, now: RunManifest.Node, port: String?)] {
      guard then.type == now.type else { return [] }
      var producers: [(then: RunManifest.Node, now: RunManifest.Node, port: String?)] = []
      for name in Set(then.inputs.keys).union(now.inputs.keys).sorted() {
        let (old, new) = (then.inputs[name] ?? [], now.inputs[name] ?? [])
        guard old.count == new.count else {
          add(rewired(now.node, name, old, new))
          continue
        }
        for (oldWire, newWire) in zip(old, new) {
          guard let oldNode = comparison.earlier[oldWire.node], let newNode = comparison.later[newWire.node] else {
            continue
          }
          if oldNode.key(of: oldWire.port) == newNode.key(of: newWire.port) { continue }
          if isSame(oldWire, newWire) {
            producers.append((oldNode, newNode, newWire.port))
          } else {
            add(rewired(now.node, name, old, new))
          }
        }
      }
      return producers
    }

    /// Whether two wires come from one node; it may have another name now.
    private func isSame(_ old: RunManifest.Node.Wire, _ new: RunManifest.Node.Wire) -> Bool {
      if old == new { return true }
      return old.port == new.port && old.node != new.node
        && comparison.later[old.node] == nil && comparison.earlier[new.node] == nil
    }

    private func rewired(
      _ node: String, _ input: String, _ old: [RunManifest.Node.Wire], _ new: [RunManifest.Node.Wire]
    ) -> Cause {
      func text(_ wires: [RunManifest.Node.Wire]) -> String? {
        wires.isEmpty ? nil : wires.map { "\($0.node).\($0.port)" }.joined(separator: ", ")
      }
      return Cause(kind: .wire, node: node, name: input, was: text(old), is: text(new))
    }
  }
}

extension RunManifest.Node {
  /// Files that an output depends on, or all for nil.
  fileprivate func files(reaching port: String?) -> [File] {
    files.filter { file in port.map { file.outputs?.contains($0) ?? true } ?? true }
  }
}

extension RunComparison.Cause {
  /// Such as `sample[15]/eps.scale was 7.5, is 5`.
  package var text: String {
    let name = name ?? ""
    switch kind {
    case .parameter: return "\(node).\(name) was \(spelled(was)), is \(spelled(`is`))"
    case .file: return "\(node): the file \(name) was \(short(was)), is \(short(`is`))"
    case .wire: return "\(node).\(name) was wired to \(was ?? "nothing"), is wired to \(`is` ?? "nothing")"
    case .type: return "\(node) was a \(was ?? ""), is a \(`is` ?? "")"
    case .version: return "\(node): \(name) was version \(was ?? ""), is version \(`is` ?? "")"
    case .numerics: return "numerics was '\(was ?? "")', is '\(`is` ?? "")'"
    case .added: return "\(node) is new"
    case .format: return "\(node): keys of another version of Stepgraph"
    }
  }

  /// A line for each change; one that a loop or sweep makes in several places is told at the first.
  package static func lines(_ causes: [RunComparison.Cause]) -> [String] {
    var counts: [RunComparison.Cause: Int] = [:]
    var firsts: [RunComparison.Cause] = []
    for cause in causes {
      counts[cause.folded, default: 0] += 1
      if counts[cause.folded] == 1 { firsts.append(cause) }
    }
    return firsts.map { first in
      let others = (counts[first.folded] ?? 1) - 1
      return first.text + (others == 0 ? "" : others == 1 ? ", and so once more" : ", and so \(others) times more")
    }
  }

  private var folded: RunComparison.Cause {
    RunComparison.Cause(kind: kind, node: FoldedAddress(node).text, name: name, was: was, is: `is`)
  }

  /// Numbers as a workflow would write them, texts in quotes.
  private func spelled(_ json: String?) -> String {
    guard let json else { return "left out" }
    return json.hasSuffix(".0") && Double(json) != nil ? String(json.dropLast(2)) : json
  }

  private func short(_ digest: String?) -> String { digest.map { String($0.prefix(12)) } ?? "not there" }
}
