/// The workflow text that sinks embed: self-contained, with the digests of the files it was run with.
enum EmbeddedWorkflow {
  /// Appends an `x-models` block that maps each file read, named from the folder of its path parameter on, to its SHA-256.
  static func complete(_ graph: inout ResolvedGraph, sources: [Int: [SourceContent]]) {
    let readers = sources.keys.sorted()
    let blocks = graph.points.map { point in block(readers.filter(point.nodes.contains), of: graph, sources: sources) }
    for (index, block) in blocks.enumerated() { graph.points[index].workflow += block }
    if !graph.workflow.isEmpty || graph.points.isEmpty {
      graph.workflow += block(readers, of: graph, sources: sources)
    }
  }

  private static func block(_ readers: [Int], of graph: ResolvedGraph, sources: [Int: [SourceContent]]) -> String {
    var lines: [(label: String, digest: ContentDigest)] = []
    var digests: [String: ContentDigest] = [:]
    for index in readers {
      for source in sources[index] ?? [] {
        let plain = graph.nodes[index].label(ofSource: source.path)
        var label = plain
        var copy = 1
        while let other = digests[label], other != source.digest {
          copy += 1
          label = "\(plain) (\(copy))"
        }
        if digests.updateValue(source.digest, forKey: label) == nil { lines.append((label, source.digest)) }
      }
    }
    guard !lines.isEmpty else { return "" }
    var block = JSONText()
    block.append(raw: "x-models:\n")
    for line in lines {
      block.append(raw: "  ")
      block.append(line.label)
      block.append(raw: ": ")
      block.append(line.digest)
      block.append(raw: "\n")
    }
    return block.string
  }
}

extension ResolvedNode {
  /// What to call a file that the node reads, wherever it lies: `model/unet/config.json` for a file of the folder
  /// `/home/me/model`, or without the folder's name, and `photo.png` for a file given itself.
  func label(ofSource path: String, withFolder: Bool = true) -> String {
    for parameter in declaration.parameters {
      guard case .path(let given)? = parameters.values[parameter.name] else { continue }
      let folder = given.split(separator: "/").joined(separator: "/")
      let file = path.split(separator: "/").joined(separator: "/")
      guard file.hasPrefix(folder + "/"), let last = folder.split(separator: "/").last else { continue }
      return withFolder ? String(last) + file.dropFirst(folder.count) : String(file.dropFirst(folder.count + 1))
    }
    return path.split(separator: "/").last.map(String.init) ?? path
  }
}
