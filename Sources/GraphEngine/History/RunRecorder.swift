import Synchronization

/// Takes down what a run does, in its manifest, which is written when the run ends, and before that when it begins to run
/// more than sinks.
final class RunRecorder: Sendable {
  private let cache: DiskCache
  /// Positions in the manifest's nodes, by address: the node's own first, then those of nodes that share its results.
  private let positions: [String: [Int]]
  private let manifest: Mutex<RunManifest>

  init(_ plan: Plan, numerics: String, cache: DiskCache) {
    self.cache = cache
    var manifest = RunManifest(plan, numerics: numerics, name: RunName.next())
    var positions = Dictionary(manifest.nodes.enumerated().map { ($1.node, [$0]) }, uniquingKeysWith: { $1 })
    for (index, node) in plan.nodes.enumerated() {
      guard let position = positions[plan.graph.nodes[index].address]?.first else { continue }
      switch node.action {
      case .shared(let other): positions[plan.graph.nodes[other].address]?.append(position)
      // So that one can tell, should the run be killed, what was there before.
      case .hit: manifest.nodes[position].isKept = true
      case .run, .open, .skip: break
      }
    }
    self.positions = positions
    self.manifest = Mutex(manifest)
    cache.dropOldRuns(keeping: DiskCache.runLimit - 1)
    if !plan.onlyWrites { cache.keep(manifest) }
  }

  func note(_ event: RunEvent) {
    manifest.withLock { manifest in
      switch event {
      case .finished(let address, _, let source, let seconds, _):
        guard let position = positions[address]?.first else { return }
        manifest.nodes[position].source = source.rawValue
        if source == .executed { manifest.nodes[position].seconds = seconds }
      case .wrote(_, _, let path): manifest.files.append(path)
      case .done(let seconds): manifest.seconds = seconds
      default: break
      }
    }
  }

  /// Notes what a node put out, for all nodes that share it.
  func note(_ outputs: [RunManifest.Node.Output], of address: String, isKept: Bool) {
    manifest.withLock { manifest in
      for position in positions[address] ?? [] {
        manifest.nodes[position].outputs = outputs
        manifest.nodes[position].isKept = isKept
      }
    }
  }

  /// Notes values that are not kept on disk.
  func note(values: [any WireValue], of node: ResolvedNode) {
    let outputs = try? zip(node.declaration.outputs, values).map { declaration, value in
      RunManifest.Node.Output((declaration.name, declaration.type.name, try value.encoded()))
    }
    note(outputs ?? [], of: node.address, isKept: false)
  }

  func note(_ hit: CachedResult, of node: ResolvedNode) {
    switch hit {
    case .disk(let entry): note(entry.outputs.map { RunManifest.Node.Output($0) }, of: node.address, isKept: true)
    case .memory(let item): note(values: item.values, of: node)
    }
  }

  func finish(_ state: RunManifest.State, failure: String? = nil) {
    cache.keep(
      manifest.withLock { manifest in
        manifest.state = state
        manifest.failure = failure
        return manifest
      })
  }
}

extension RunManifest.Node.Output {
  init(_ output: CacheEntry.Output) {
    self.init(port: output.port, type: output.type, digest: output.blob, size: output.size)
  }

  init(_ encoded: (port: String, type: String, bytes: [UInt8])) {
    self.init(
      port: encoded.port, type: encoded.type, digest: ContentDigest(hashing: encoded.bytes), size: encoded.bytes.count)
  }
}
