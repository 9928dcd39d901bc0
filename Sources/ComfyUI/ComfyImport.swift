import Diagnostics
import YAMLTree

/// A workflow of ComfyUI as one of ours.
package struct ComfyImport: Sendable {
  /// Whose numbers a workflow is to have.
  package enum Program: String, Sendable {
    case comfyUI = "a workflow of ComfyUI"
    case a1111 = "settings of A1111"
  }

  /// The text of the workflow file.
  package let text: String
  /// What it does not say; empty for a whole import.
  package let problems: [ImportProblem]
  /// Paths of files that it takes or writes, as it says them.
  package let files: [String]
  /// Files of subgraphs that are used several times, by their names beside the workflow's.
  package let subgraphs: [(name: String, text: String)]

  /// Translates a graph; nil after problems were reported that leave nothing to translate.
  ///
  /// - Parameters:
  ///   - source: what the graph was read from, for the file's description.
  ///   - models: where files of models are looked for.
  ///   - stem: the name of the file without its ending, for those of subgraphs; nil where there is to be one file alone.
  package init?(
    _ graph: ComfyGraph, from source: String, by program: Program = .comfyUI, models: ComfyFolders,
    more: [ImportProblem] = [], stem: String? = nil, into collector: DiagnosticCollector
  ) {
    guard let folded = graph.folded(into: collector) else { return nil }
    let translator = Translator(folded, models: models)
    problems = translator.translate() + more
    translator.completeLatents()
    for node in translator.unknownEnds {
      collector.warning(
        "\(node.shown) is left out: no class that is known here, and nothing needs it", at: node.location)
    }
    if program == .a1111 { translator.followA1111() }
    var kept = translator.sketch.written(isPartial: !problems.isEmpty)
    guard !kept.isEmpty || !problems.isEmpty else {
      collector.error(
        "the workflow writes no file", at: graph.nodes.first?.location,
        notes: ["SaveImage, PreviewImage or SaveLatent was expected"])
      return nil
    }
    translator.sketch.clampDecodedPictures(among: kept)
    var sketch = translator.sketch
    let parts = stem.map { stem in sketch.outlined(folded.uses, keeping: &kept) { "\(stem)-\($0).yaml" } } ?? []
    subgraphs = parts.compactMap { part in
      SketchWriter(part.sketch, keeping: Set(part.sketch.nodes.indices)).text(
        of: part, description: "A subgraph of \(source), \(program.rawValue)."
      ).map { ("\(stem ?? "")-\(part.name).yaml", $0) }
    }
    files = sketch.params.compactMap { if $0.type == .path, case .text(let path)? = $0.standard { path } else { nil } }
    let written = SketchWriter(sketch, keeping: kept).text(
      description: "Imported from \(source), \(program.rawValue).",
      comments: graph.notes + problems.map { "Left out: \($0.shown)" })
    // A workflow file has bounds of its own.
    let mistakes = DiagnosticCollector()
    guard let written, SourceFile(path: source, text: written).parseYAML(into: mistakes) != nil else {
      collector.error(
        "the workflow is too large for one file", at: graph.nodes.first?.location, notes: mistakes.sorted.map(\.message)
      )
      return nil
    }
    text = written
  }
}

extension ImportProblem {
  /// The node, and what it is about.
  package var shown: String {
    "\(ComfyNode.shown(type, id: node, title: title)): \(reason)"
  }
}

extension WorkflowSketch {
  /// The nodes that a file is made of: those that lead to a file, or, where some of these are broken, all that are whole.
  func written(isPartial: Bool) -> Set<Int> {
    if isPartial { return Set(nodes.indices) }
    var kept: Set<Int> = []
    var open = nodes.indices.filter { nodes[$0].isSink }
    while let index = open.popLast() {
      guard kept.insert(index).inserted else { continue }
      open += nodes[index].inputs.flatMap { $0.wires.map(\.node) }
    }
    return kept
  }
}

extension Translator {
  /// Reads prompts as A1111 does, and draws noise as it does on a graphics card.
  func followA1111() {
    for index in sketch.nodes.indices {
      for place in sketch.nodes[index].values.indices {
        switch sketch.nodes[index].values[place].name {
        case "syntax": sketch.nodes[index].values[place].value = .text("a1111")
        case "rng": sketch.nodes[index].values[place].value = .text("philox")
        default: break
        }
      }
      if case .graph(let name) = sketch.nodes[index].kind,
        ComfySamplers.drawing.contains(where: { name.hasSuffix("/\($0).yaml") })
      {
        sketch.nodes[index].values.append(("rng", .text("philox")))
      }
    }
  }
}
