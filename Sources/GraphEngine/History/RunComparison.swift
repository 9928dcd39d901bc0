/// Two runs side by side, or the last run and what is planned now: what differs, and what made it differ.
package struct RunComparison: Sendable {
  /// Something that a user, a file or a new build changed.
  package struct Cause: Sendable, Hashable, Encodable {
    package enum Kind: String, Sendable, Encodable {
      case parameter, file, wire, type, version, numerics, added, format
      /// A param of the workflow, which made a loop another length.
      case param
      /// A loop that runs more or fewer times than it did.
      case loop
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
  /// Nodes of the earlier run by their place in the workflow, which is theirs at every point of a sweep.
  private let earlierPlaces: [Substring: [RunManifest.Node]]
  /// Those of them that are in loops.
  private let earlierFolded: Set<FoldedAddress>
  private let iterations: (before: LoopIterations, after: LoopIterations)

  package init(before: RunManifest, after: RunManifest) {
    self.before = before
    self.after = after
    earlier = Dictionary(before.nodes.map { ($0.node, $0) }, uniquingKeysWith: { $1 })
    later = Dictionary(after.nodes.map { ($0.node, $0) }, uniquingKeysWith: { $1 })
    order = Dictionary(after.nodes.enumerated().map { ($1.node, $0) }, uniquingKeysWith: { $1 })
    earlierPlaces = Dictionary(grouping: before.nodes) { SweptAddress($0.node).place }
    earlierFolded = Set(before.nodes.filter { $0.node.contains("[") }.map { FoldedAddress($0.node) })
    iterations = (LoopIterations(before.nodes.map(\.node)), LoopIterations(after.nodes.map(\.node)))
  }

  /// The changes furthest upstream that made a node's key another one, in the order of the graph.
  package func causes(of address: String) -> [Cause] {
    guard let now = later[address] else { return [] }
    var walk = Walk(comparison: self)
    if let then = counterpart(of: now) {
      walk.compare(then, now, port: nil)
    } else if !walk.noteLongerLoop(around: address) {
      return [Cause(kind: .added, node: address)]
    }
    return walk.causes.enumerated()
      .sorted { (order[$0.element.node] ?? 0, $0.offset) < (order[$1.element.node] ?? 0, $1.offset) }.map(\.element)
  }

  /// The earlier run's node to compare a later one with: the one of its address, or else of its place at the point of a
  /// sweep that is most alike.
  package func counterpart(of now: RunManifest.Node) -> RunManifest.Node? {
    if let then = earlier[now.node] { return then }
    let address = SweptAddress(now.node)
    let candidates = earlierPlaces[address.place] ?? []
    if let same = candidates.first(where: { $0.key == now.key }) { return same }
    func agreement(_ node: RunManifest.Node) -> Int {
      let settings = SweptAddress(node.node).settings
      return address.settings.count { setting in settings.contains { $0 == setting } }
    }

    return candidates.max { agreement($0) < agreement($1) }
  }

  /// Whether the earlier run has a counterpart of a node, or other iterations of the loop around it.
  func knows(_ node: RunManifest.Node) -> Bool {
    counterpart(of: node) != nil
      || !SweptAddress(node.node).loops.isEmpty && earlierFolded.contains(FoldedAddress(node.node))
  }

  /// The params of the workflow at a node, those that a sweep sets among them.
  private func parameters(of run: RunManifest, at address: SweptAddress) -> [String: String] {
    run.parameters.merging(address.settings.map { (String($0.name), String($0.value)) }) { $1 }
  }

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
          } else if let (old, new) = sameIteration(oldWire, newWire) {
            producers.append((old, new, newWire.port))
          } else {
            add(rewired(now.node, name, old, new))
          }
        }
      }
      return producers
    }

    /// Whether two wires come from one node; it may have another name now.
    private func isSame(_ old: RunManifest.Node.Wire, _ new: RunManifest.Node.Wire) -> Bool {
      if old.port == new.port, SweptAddress(old.node).place == SweptAddress(new.node).place { return true }
      return old.port == new.port && old.node != new.node
        && comparison.later[old.node] == nil && comparison.earlier[new.node] == nil
    }

    /// Of two wires from the ends of a loop that ran more or fewer times: the nodes of the last iteration that both had.
    private mutating func sameIteration(
      _ old: RunManifest.Node.Wire, _ new: RunManifest.Node.Wire
    ) -> (then: RunManifest.Node, now: RunManifest.Node)? {
      let (then, now) = (SweptAddress(old.node), SweptAddress(new.node))
      guard old.port == new.port, let pair = then.lastCommonIteration(with: now),
        let thenNode = comparison.earlier[then.withPlace(pair.place)],
        let nowNode = comparison.later[now.withPlace(pair.place)],
        noteOtherLength(of: pair.loop, then, now)
      else { return nil }
      return (thenNode, nowNode)
    }

    /// Explains a node of an iteration that the earlier run did not have; false where that is no reason.
    mutating func noteLongerLoop(around address: String) -> Bool {
      let now = SweptAddress(address)
      let folded = FoldedAddress(address)
      guard let then = comparison.before.nodes.first(where: { FoldedAddress($0.node) == folded }) else { return false }
      let loops = now.loops
      return loops.contains { noteOtherLength(of: $0, SweptAddress(then.node), now) }
    }

    /// Adds the loop, at its place, and the params behind it as causes; false when both runs have all of its iterations.
    private mutating func noteOtherLength(of loop: String, _ then: SweptAddress, _ now: SweptAddress) -> Bool {
      let (old, new) = (
        comparison.iterations.before.count(of: then.withPlace(loop)),
        comparison.iterations.after.count(of: now.withPlace(loop))
      )
      guard old != new else { return false }
      let was = comparison.parameters(of: comparison.before, at: then)
      let now = (values: comparison.parameters(of: comparison.after, at: now), address: now)
      let changed = was.filter { Int($0.value) != nil && now.values[$0.key].flatMap { Int($0) } != nil }
        .filter { now.values[$0.key] != $0.value }
      // The one that is the number of iterations, or all that could decide it.
      let exact = changed.filter { $0.value == "\(old)" && now.values[$0.key] == "\(new)" }
      for (name, value) in (exact.isEmpty ? changed : exact).sorted(by: { $0.key < $1.key }) {
        add(Cause(kind: .param, node: "", name: name, was: value, is: now.values[name]))
      }
      add(Cause(kind: .loop, node: now.address.withPlace(loop), was: "\(old)", is: "\(new)"))
      return true
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
    case .param: return "\(name) was \(was ?? ""), is \(`is` ?? "")"
    case .loop:
      func times(_ count: String?) -> String { count == "1" ? "once" : "\(count ?? "") times" }
      return "\(node) ran \(times(was)), runs \(times(`is`))"
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
