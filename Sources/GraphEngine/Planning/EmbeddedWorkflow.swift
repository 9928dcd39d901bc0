/// The workflow text that sinks embed: self-contained, with the digests of the files it was run with.
enum EmbeddedWorkflow {
  /// Appends an `x-models` block that maps each file read, named from the folder of its path parameter on, to its SHA-256.
  ///
  /// An `x-made-with` block tells what else decides the bits, and how large the files are.
  static func complete(_ graph: inout ResolvedGraph, sources: [Int: [SourceContent]], numerics: String) {
    let (nodes, readers, companions) = (graph.nodes, sources.keys.sorted(), graph.companions)
    @Sendable func block(_ readers: ArraySlice<Int>, of part: Range<Int>) -> String {
      var contents = Contents(readings: readers.map { Reading(nodes[$0], sources[$0] ?? []) })
      for index in part {
        let info = nodes[index].declaration.info
        contents.versions[info.type] = info.version
      }
      return Self.block(contents, numerics: numerics)
    }
    var next = 0
    for (index, point) in graph.points.enumerated() {
      // Points are in the order of their nodes.
      while next < readers.count, readers[next] < point.nodes.lowerBound { next += 1 }
      let first = next
      graph.points[index].workflowText = WorkflowText(companions: { companions(point.nodes) }) {
        point.workflow + block(readers[first...].prefix { point.nodes.contains($0) }, of: point.nodes)
      }
    }
    let (text, isSwept) = (graph.workflowText, !graph.points.isEmpty)
    // A sweep is several workflows to others.
    graph.workflowText = WorkflowText(companions: { isSwept ? [] : companions(nil) }) {
      // A sweep that no one file can describe.
      text.text.isEmpty && isSwept ? "" : text.text + block(readers[...], of: nodes.indices)
    }
  }

  /// What decides the text.
  private struct Contents {
    let readings: [Reading]
    /// By node type.
    var versions: [String: Int] = [:]
  }

  /// What one node reads, as far as it decides the text.
  private struct Reading {
    struct File {
      let label: String
      let digest: ContentDigest
      let size: Int
    }

    private(set) var files: [File] = []

    init(_ node: ResolvedNode, _ sources: [SourceContent]) {
      files = sources.map { File(label: node.label(ofSource: $0.path), digest: $0.digest, size: Int($0.identity.size)) }
    }
  }

  private static func block(_ contents: Contents, numerics: String) -> String {
    var lines: [Reading.File] = []
    var digests: [String: ContentDigest] = [:]
    for file in contents.readings.lazy.flatMap(\.files) {
      var label = file.label
      var copy = 1
      while let other = digests[label], other != file.digest {
        copy += 1
        label = "\(file.label) (\(copy))"
      }
      if digests.updateValue(file.digest, forKey: label) == nil {
        lines.append(Reading.File(label: label, digest: file.digest, size: file.size))
      }
    }
    guard !lines.isEmpty else { return "" }
    var block = JSONText()
    block.append(raw: "\(WorkflowRecord.filesKey):\n")
    for line in lines {
      block.append(raw: "  ")
      block.append(line.label)
      block.append(raw: ": ")
      block.append(line.digest)
      block.append(raw: "\n")
    }
    func append(_ key: String, _ numbers: [(name: String, number: Int)]) {
      block.append(raw: "  \(key): {")
      for (index, entry) in numbers.enumerated() {
        if index > 0 { block.append(raw: ", ") }
        block.append(entry.name)
        block.append(raw: ": \(entry.number)")
      }
      block.append(raw: "}\n")
    }
    block.append(raw: "\(WorkflowRecord.circumstancesKey):\n  numerics: ")
    block.append(numerics)
    block.append(raw: "\n")
    append("nodes", contents.versions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    append("sizes", lines.map { ($0.label, $0.size) })
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
      // By the name that the workflow gives the folder, wherever it was found.
      let named = namedPaths[parameter.name] ?? given
      if file == folder { return named.split(separator: "/").last.map(String.init) ?? file }
      guard file.hasPrefix(folder + "/"), let last = named.split(separator: "/").last else { continue }
      return withFolder ? String(last) + file.dropFirst(folder.count) : String(file.dropFirst(folder.count + 1))
    }
    return path.split(separator: "/").last.map(String.init) ?? path
  }
}
