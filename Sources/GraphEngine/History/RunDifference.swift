import Diagnostics

extension RunComparison {
  /// The node where two runs part.
  package struct Parting: Sendable {
    package struct Output: Sendable {
      package let port: String
      package let type: String
      package let was: ContentDigest
      package let `is`: ContentDigest
    }

    package let node: String
    package let type: String
    /// What made it part; empty when the keys agree, and the node gave other bits all the same.
    package let causes: [Cause]
    /// Outputs with other bits; empty when they are not known of both runs.
    package let outputs: [Output]
    /// Of the later run's nodes: those with other results, this one and sinks among them.
    package let differing: Int
  }

  /// Nil when all nodes that both runs have gave the same bits.
  ///
  /// Outputs that a manifest does not tell, because its run had no need of them, are looked up in `cache`.
  package func parting(cache: DiskCache?) -> Parting? {
    var first: (node: RunManifest.Node, outputs: [Parting.Output])?
    var differing = 0
    for now in after.nodes {
      guard let then = counterpart(of: now) else { continue }
      let (old, new) = (outputs(of: then, cache), outputs(of: now, cache))
      let areKnown = !old.isEmpty && old.count == new.count
      let outputs = zip(old, new).filter { $0.digest != $1.digest }
        .map { Parting.Output(port: $1.port, type: $1.type, was: $0.digest, is: $1.digest) }
      guard areKnown ? !outputs.isEmpty : then.key != now.key else { continue }
      differing += 1
      if first == nil, !now.isHandle { first = (now, outputs) }
    }
    return first.map { first in
      Parting(
        node: first.node.node, type: first.node.type, causes: causes(of: first.node.node), outputs: first.outputs,
        differing: differing)
    }
  }

  /// How much of two runs can be compared.
  package struct Overlap: Sendable {
    /// How many nodes of the later run have a counterpart in the earlier one.
    package let common: Int
    /// Addresses of nodes that the other run has neither at their place nor under another name.
    package let onlyBefore: [String]
    package let onlyAfter: [String]
  }

  package var overlap: Overlap {
    func lone(_ run: RunManifest, _ other: RunManifest) -> [String] {
      let places = Set(other.nodes.map { SweptAddress($0.node).place })
      let keys = Set(other.nodes.map(\.key))
      return run.nodes.filter { !keys.contains($0.key) && !places.contains(SweptAddress($0.node).place) }.map(\.node)
    }
    let (onlyBefore, onlyAfter) = (lone(before, after), lone(after, before))
    let gone = Set(onlyAfter)
    return Overlap(
      common: after.nodes.count { !$0.isHandle && !gone.contains($0.node) }, onlyBefore: onlyBefore,
      onlyAfter: onlyAfter)
  }

  private func outputs(of node: RunManifest.Node, _ cache: DiskCache?) -> [RunManifest.Node.Output] {
    if !node.outputs.isEmpty { return node.outputs }
    return cache?.entry(for: node.key)?.outputs.map { RunManifest.Node.Output($0) } ?? []
  }
}

extension RunManifest.Node {
  /// A model has no bits of its own here: what it leads to has.
  fileprivate var isHandle: Bool { source == nil && ports != nil }
}

extension DiskCache {
  /// The manifest that a user names: `last`, a run's name, or a part of it that no other run has, and `~2` after any of
  /// them for the run two before it.
  ///
  /// Throws a `DiagnosticList` when none or several fit.
  package func manifest(named text: String) throws -> RunManifest {
    let names = runNames
    func failure(_ message: String, _ note: String? = nil) -> DiagnosticList {
      DiagnosticList([Diagnostic(message, notes: note.map { [$0] } ?? [])])
    }
    guard !names.isEmpty else { throw failure("there are no runs on record in '\(location)'") }
    let parts = text.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
    let back = parts.count == 1 ? 0 : parts[1].isEmpty ? 1 : Int(parts[1]) ?? -1
    guard back >= 0, let start = parts.first else {
      throw failure("there is no run '\(text)'", "a number counts back, as in last~2")
    }
    let found = start == "last" ? [names.count - 1] : RunName.indices(of: start, among: names)
    guard let index = found.first else {
      throw failure(
        "there is no run '\(text)'", nearestNameNote(to: String(start), among: names) ?? "'stepgraph runs' lists them")
    }
    if found.count > 1 {
      throw failure("'\(start)' is part of the names of \(found.count) runs", "such as \(names[index])")
    }
    guard index >= back else {
      throw failure(
        "there is no run '\(text)': \(names.count) are on record, the oldest being last~\(names.count - 1)")
    }
    let name = names[index - back]
    guard let manifest = manifest(of: name) else { throw failure("the record of the run '\(name)' cannot be read") }
    return manifest
  }
}
