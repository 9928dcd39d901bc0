import Diagnostics
import JSONTree

/// A workflow of ComfyUI in one of its two JSON formats.
package enum ComfyFile {
  /// Bytes that a file has at most.
  package static let longest = JSONLimits().bytes
  /// How many mistakes of a file are told.
  package static let mostMistakes = 100

  /// Reads either format, told by what is in it.
  ///
  /// - Returns: nil after reported problems.
  package static func read(_ file: SourceFile, into collector: DiagnosticCollector) -> ComfyGraph? {
    let known = collector.errorCount
    let graph = graph(file, into: collector)
    return collector.errorCount == known ? graph : nil
  }

  private static func graph(_ file: SourceFile, into collector: DiagnosticCollector) -> ComfyGraph? {
    guard let root = file.parseJSON(into: collector) else { return nil }
    guard let object = root.object else {
      collector.error("a workflow of ComfyUI is an object, not \(root.kind)", at: root.location)
      return nil
    }
    if object["nodes"]?.array != nil { return PageReader.read(root, into: collector) }
    // What clients send to a server has the workflow inside.
    if let prompt = object["prompt"], prompt["class_type"] == nil, prompt.object != nil {
      return APIReader.read(prompt, into: collector)
    }
    guard object.entries.contains(where: { $0.value["class_type"] != nil }) else {
      collector.error(
        "this is no workflow of ComfyUI", at: root.location,
        notes: [
          "expected were nodes with a 'class_type' each, as 'Export (API)' writes them, or the lists 'nodes' and 'links' of 'Save'"
        ])
      return nil
    }
    return APIReader.read(root, into: collector)
  }
}
