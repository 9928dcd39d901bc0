import YAMLTree

/// What the reader notes of the places it looks at.
extension DocumentReader {
  func annotateKeys(of mapping: YAMLMapping, _ owner: String, known: [String]) {
    guard let annotations else { return }
    let keys = mapping.entries.map(\.key)
    let present = keys.map(\.value)
    for key in keys {
      annotations.expect(.key(owner: owner, known: known, present: present), at: key.location)
      if known.contains(key.value) { annotations.mark(Mark(.key(owner: owner), key.value, at: key.location)) }
    }
  }

  func annotateParamTypes(_ entries: [YAMLEntry]) {
    guard let annotations else { return }
    for entry in entries {
      guard let mapping = entry.value.mapping, let type = mapping["type"] else { continue }
      annotate(type.sequence ?? [type], options: ValueType.names)
      let options = mapping["options"]?.sequence?.compactMap(\.scalar?.text) ?? []
      guard let value = mapping["default"] else { continue }
      switch type.scalar?.text {
      case "choice": annotations.expect(.options(options), at: value.location)
      case "bool": annotations.expect(.options(["true", "false"]), at: value.location)
      default: break
      }
    }
  }

  func annotateInput(_ entry: YAMLEntry) {
    guard let annotations, let mapping = entry.value.mapping else { return }
    for node in (mapping["type"]).map({ $0.sequence ?? [$0] }) ?? [] {
      annotations.expect(.wireType, at: node.location)
      if let text = node.scalar?.text { annotations.mark(Mark(.wireType, text, at: node.location)) }
    }
    if let node = mapping["optional"] { annotate([node], options: ["true", "false"]) }
  }

  func annotateCache(in mapping: YAMLMapping) {
    if let node = mapping["cache"] { annotate([node], options: CachePolicy.allCases.map(\.rawValue)) }
  }

  private func annotate(_ nodes: [YAMLNode], options: [String]) {
    for node in nodes {
      annotations?.expect(.options(options), at: node.location)
      if let text = node.scalar?.text, options.contains(text) {
        annotations?.mark(Mark(.word, text, at: node.location))
      }
    }
  }
}
