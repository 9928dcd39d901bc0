/// A diagram in the language of Graphviz: https://graphviz.org/doc/info/lang.html.
package struct DOTDrawing {
  private let diagram: Diagram

  package init(_ diagram: Diagram) { self.diagram = diagram }

  package var text: String {
    var dot = "digraph \(quoted(diagram.title)) {\n"
    dot += "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11];\n"
    dot += "  edge [color=\"#6c757d\", arrowsize=0.7];\n"
    dot += members(of: nil, indent: "  ")
    for wire in diagram.wires { dot += "  n\(wire.from) -> n\(wire.to);\n" }
    for wire in diagram.feedback {
      dot += "  n\(wire.from) -> n\(wire.to) [style=dashed, color=\"#a61e4d\", constraint=false];\n"
    }
    var legend = SVGDrawing.states.compactMap { state in
      diagram.actions[state.action].map { "\(state.label): \($0)" }
    }
    if !diagram.feedback.isEmpty { legend.append("dashed: from one iteration to the next") }
    if diagram.hasLoops { legend.append("× n: a loop of n iterations") }
    if diagram.hasClosedBoxes { legend.append("n nodes: a loop or subgraph as one box") }
    return dot + "  label=\(quoted(legend.joined(separator: ", ")));\n}\n"
  }

  private func members(of cluster: Int?, indent: String) -> String {
    var dot = ""
    for (index, box) in diagram.boxes.enumerated() where box.cluster == cluster {
      let main = SVGDrawing.states.filter { box.actions[$0.action] != nil }
        .max { (box.actions[$0.action] ?? 0) < (box.actions[$1.action] ?? 0) }
      dot += "\(indent)n\(index) [label=\(quoted("\(box.name)\n\(box.type)"))"
      dot += ", color=\(quoted(main?.stroke ?? "")), fillcolor=\(quoted(main?.fill ?? ""))];\n"
    }
    for (index, child) in diagram.clusters.enumerated() where child.parent == cluster {
      dot += "\(indent)subgraph cluster_\(index) {\n\(indent)  label=\(quoted(child.title));\n"
      dot += members(of: index, indent: indent + "  ") + "\(indent)}\n"
    }
    return dot
  }

  private func quoted(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    return "\"\(escaped)\""
  }
}
