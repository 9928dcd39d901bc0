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
      guard let then = earlierNode(now.node) else { continue }
      let (old, new) = (outputs(of: then, cache), outputs(of: now, cache))
      let areKnown = !old.isEmpty && old.count == new.count
      let outputs = zip(old, new).filter { $0.digest != $1.digest }
        .map { Parting.Output(port: $1.port, type: $1.type, was: $0.digest, is: $1.digest) }
      guard areKnown ? !outputs.isEmpty : then.key != now.key else { continue }
      differing += 1
      // A model has no bits of its own here: what it leads to has.
      let isHandle = now.source == nil && now.ports != nil
      if first == nil, !isHandle { first = (now, outputs) }
    }
    return first.map { first in
      Parting(
        node: first.node.node, type: first.node.type, causes: causes(of: first.node.node), outputs: first.outputs,
        differing: differing)
    }
  }

  private func outputs(of node: RunManifest.Node, _ cache: DiskCache?) -> [RunManifest.Node.Output] {
    if !node.outputs.isEmpty { return node.outputs }
    return cache?.entry(for: node.key)?.outputs.map { RunManifest.Node.Output($0) } ?? []
  }
}

extension DiskCache {
  /// The manifest that a user names: by the run's name or the beginning of it, `last`, or `last~2` for the last but two.
  ///
  /// Throws a `DiagnosticList` when none or several fit.
  package func manifest(named text: String) throws -> RunManifest {
    let names = runNames
    func failure(_ message: String, _ note: String? = nil) -> DiagnosticList {
      DiagnosticList([Diagnostic(message, notes: note.map { [$0] } ?? [])])
    }
    guard !names.isEmpty else { throw failure("there are no runs on record in '\(location)'") }
    let found: [String]
    if text == "last" || text.hasPrefix("last~") {
      let back = text == "last" ? 0 : Int(text.dropFirst(5)) ?? -1
      guard names.indices.contains(names.count - 1 - back), back >= 0 else {
        throw failure(
          "there is no run '\(text)': \(names.count) are on record, the oldest being last~\(names.count - 1)")
      }
      found = [names[names.count - 1 - back]]
    } else {
      found = text.isEmpty ? [] : names.filter { $0.hasPrefix(text) }
    }
    guard let name = found.first else {
      throw failure(
        "there is no run '\(text)'", nearestNameNote(to: text, among: names) ?? "'stepgraph runs' lists them")
    }
    if found.count > 1 { throw failure("'\(text)' is the beginning of \(found.count) runs", "such as \(name)") }
    guard let manifest = manifest(of: name) else { throw failure("the record of the run '\(name)' cannot be read") }
    return manifest
  }
}
