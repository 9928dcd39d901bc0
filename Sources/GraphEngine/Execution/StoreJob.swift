import Diagnostics

/// A node's results on their way to the disk, or to a comparison with those that are there.
struct StoreJob: Sendable {
  let node: ResolvedNode
  /// The workflow's path, absolute.
  let workflow: String
  let key: ContentDigest
  let descriptor: [UInt8]
  /// Descriptors behind it that have no entry.
  let ancestors: [[UInt8]]
  /// In declared order.
  let outputs: [any WireValue]
  let warnings: [NodeWarning]
  let seconds: Double
  /// The entry that the results are compared with; nil to store them.
  let compared: CacheEntry?

  /// What cannot be written costs a warning; `recorder` hears what the outputs are.
  func run(in cache: DiskCache, events: EventRelay, recorder: RunRecorder?) {
    do {
      let encoded = try zip(node.declaration.outputs, outputs).map { declaration, value in
        (port: declaration.name, type: declaration.type.name, bytes: try value.encoded())
      }
      if let compared {
        let differing = zip(encoded, compared.outputs).filter { ContentDigest(hashing: $0.bytes) != $1.blob }
        events.send(
          .compared(node: node.address, type: node.declaration.info.type, differing: differing.map { $0.0.port }))
      } else {
        let isKept = cache.store(
          key: key, node: node.declaration.info.type, descriptor: descriptor, seconds: seconds, outputs: encoded,
          ancestors: ancestors, warnings: warnings,
          origin: CacheEntry.Origin(time: CacheUsage.now, workflow: workflow, address: node.address))
        recorder?.note(encoded.map { RunManifest.Node.Output($0) }, of: node.address, isKept: isKept)
      }
    } catch {
      var warning = node.diagnostic(for: error)
      warning.severity = .warning
      events.send(.warning(node: node.address, warning))
    }
  }
}
