/// A diagram as one self-contained SVG file.
package struct SVGDrawing {
  /// What becomes of nodes, in the order of the legend.
  static let states: [(action: String, label: String, stroke: String, fill: String)] = [
    ("run", "would run", "#d9480f", "#fff0e4"), ("hit", "in the cache", "#2b8a3e", "#e9f8ec"),
    ("shared", "shares results", "#1864ab", "#e7f3fd"), ("open", "model, opened when needed", "#5f3dc4", "#f1edff"),
    ("skip", "not needed", "#868e96", "#f6f7f8"),
  ]

  private let diagram: Diagram
  private let layout: DiagramLayout
  private static let margin = 24.0
  private var headHeight: Double { marks.isEmpty ? 62 : 84 }

  package init(_ diagram: Diagram) {
    self.diagram = diagram
    layout = DiagramLayout(diagram)
  }

  package var text: String {
    let width =
      max(layout.width, legendWidth, marksWidth, TextWidth.of(diagram.title, size: 17, isBold: true)) + 2 * Self.margin
    let height = layout.height + headHeight + 2 * Self.margin
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(n(width))" height="\(n(height))" \
      viewBox="0 0 \(n(width)) \(n(height))" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif">
      <title>\(xmlText(diagram.title))</title>
      <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
      <path d="M0,0.5 L8,4 L0,7.5 z" fill="#5c6770"/></marker>\
      <marker id="back" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
      <path d="M0,0.5 L8,4 L0,7.5 z" fill="#a61e4d"/></marker></defs>
      <rect width="100%" height="100%" fill="#ffffff"/>

      """
    svg += head
    let x = (width - layout.width) / 2
    svg += "<g transform=\"translate(\(n(x)),\(n(Self.margin + headHeight)))\">\n"
    for index in diagram.clusters.indices { svg += cluster(index) }
    for line in layout.lines { svg += wire(line) }
    for line in layout.returns { svg += loop(line) }
    for index in diagram.clusters.indices { svg += clusterTitle(index) }
    for index in diagram.boxes.indices { svg += box(index) }
    return svg + "</g>\n</svg>\n"
  }

  // MARK: Head

  private var legend: [(label: String, stroke: String, fill: String, width: Double)] {
    Self.states.compactMap { state in
      guard let count = diagram.actions[state.action] else { return nil }
      let label = "\(state.label): \(count)"
      return (label, state.stroke, state.fill, TextWidth.of(label, size: 12) + 36)
    }
  }

  /// Marks beside the colours, each with a picture 24 wide and what it means.
  private var marks: [(picture: String, label: String, width: Double)] {
    var marks: [(picture: String, label: String)] = []
    if !diagram.feedback.isEmpty {
      marks.append(
        (
          "<path d=\"M0,8 H22\" fill=\"none\" stroke=\"#a61e4d\" stroke-width=\"1.4\" stroke-dasharray=\"5 3\"/>",
          "from one iteration to the next"
        ))
    }
    if diagram.hasLoops {
      marks.append(
        (
          "<text x=\"0\" y=\"12\" font-size=\"12\" font-weight=\"bold\" fill=\"#495057\">× n</text>",
          "a loop of n iterations"
        ))
    }
    if diagram.boxes.contains(where: { $0.actions.count > 1 }) {
      marks.append(
        (
          "<path d=\"M0,8 h14\" stroke=\"#d9480f\" stroke-width=\"3\"/><path d=\"M14,8 h8\" stroke=\"#2b8a3e\" stroke-width=\"3\"/>",
          "shares of the nodes that a box stands for"
        ))
    }
    if diagram.hasClosedBoxes {
      marks.append(
        (
          "<text x=\"0\" y=\"12\" font-size=\"11\" fill=\"#5c6770\">n n.</text>",
          "n nodes: a loop or subgraph as one box, see --expand"
        ))
    }
    return marks.map { ($0.picture, $0.label, TextWidth.of($0.label, size: 12) + 48) }
  }

  private var marksWidth: Double { marks.reduce(0) { $0 + $1.width } }

  private var legendWidth: Double { legend.reduce(0) { $0 + $1.width } }

  private var head: String {
    var svg = """
      <text x="\(n(Self.margin))" y="\(n(Self.margin + 14))" font-size="17" font-weight="bold" fill="#212529">\
      \(xmlText(diagram.title))</text>

      """
    var x = Self.margin
    for state in legend {
      svg += """
        <rect x="\(n(x))" y="\(n(Self.margin + 28))" width="14" height="14" rx="3" fill="\(state.fill)" \
        stroke="\(state.stroke)" stroke-width="1.5"/><text x="\(n(x + 20))" y="\(n(Self.margin + 39.5))" \
        font-size="12" fill="#343a40">\(xmlText(state.label))</text>

        """
      x += state.width
    }
    x = Self.margin
    for mark in marks {
      svg += """
        <g transform="translate(\(n(x)),\(n(Self.margin + 50)))">\(mark.picture)<text x="30" y="11.5" font-size="12" \
        fill="#343a40">\(xmlText(mark.label))</text></g>

        """
      x += mark.width
    }
    return svg
  }

  // MARK: Parts

  private func cluster(_ index: Int) -> String {
    guard let frame = layout.clusters[index] else { return "" }
    let depth = diagram.clusters(around: index).count
    let fill = depth.isMultiple(of: 2) ? "#ffffff" : "#f8f9fa"
    return """
      <rect x="\(n(frame.x))" y="\(n(frame.y))" width="\(n(frame.width))" height="\(n(frame.height))" rx="10" \
      fill="\(fill)" stroke="#ced4da"/>

      """
  }

  /// Above the wires that cross the border.
  private func clusterTitle(_ index: Int) -> String {
    guard let frame = layout.clusters[index] else { return "" }
    let fill = diagram.clusters(around: index).count.isMultiple(of: 2) ? "#ffffff" : "#f8f9fa"
    return """
      <text x="\(n(frame.x + 12))" y="\(n(frame.y + 16))" font-size="12" \
      font-weight="bold" fill="#495057" paint-order="stroke" stroke="\(fill)" stroke-width="5">\
      \(xmlText(diagram.clusters[index].title))</text>

      """
  }

  private func box(_ index: Int) -> String {
    guard let frame = layout.boxes[index] else { return "" }
    let box = diagram.boxes[index]
    let parts = Self.states.compactMap { state in box.actions[state.action].map { (state: state, count: $0) } }
    guard let main = parts.max(by: { $0.count < $1.count })?.state else { return "" }
    let (x, y, width, height) = (frame.x, frame.y, frame.width, frame.height)
    let shown = box.members.prefix(12).joined(separator: "\n") + (box.members.count > 12 ? "\n…" : "")
    var svg = """
      <g><title>\(xmlText(shown))</title><rect x="\(n(x))" y="\(n(y))" width="\(n(width))" height="\(n(height))" rx="7" \
      fill="\(main.fill)" stroke="\(main.stroke)" stroke-width="1.5"/><text x="\(n(x + width / 2))" y="\(n(y + 19))" \
      font-size="13" font-weight="bold" fill="#212529" text-anchor="middle">\(xmlText(box.name))</text>\
      <text x="\(n(x + width / 2))" y="\(n(y + 34))" font-size="11" fill="#5c6770" text-anchor="middle">\
      \(xmlText(box.type))</text>
      """
    // How many of a loop's nodes run, and how many do not.
    if parts.count > 1 {
      var left = x + 8
      let total = Double(box.members.count)
      for part in parts {
        let length = (width - 16) * Double(part.count) / total
        svg += """
          <rect x="\(n(left))" y="\(n(y + height - 6.5))" width="\(n(length))" height="3" fill="\(part.state.stroke)"/>
          """
        left += length
      }
    }
    return svg + "</g>\n"
  }

  private func wire(_ line: DiagramLayout.Line) -> String {
    let (a, b) = (line.from, line.to)
    let end = line.isEnd ? " marker-end=\"url(#arrow)\"" : ""
    let style = "fill=\"none\" stroke=\"\(Self.ink(line.source))\" stroke-width=\"1.3\"\(end)"
    if abs(a.x - b.x) < 0.05 { return "<path d=\"M\(n(a.x)),\(n(a.y)) V\(n(b.y))\" \(style)/>\n" }
    let middle = (a.y + b.y) / 2
    return """
      <path d="M\(n(a.x)),\(n(a.y)) C\(n(a.x)),\(n(middle)) \(n(b.x)),\(n(middle)) \(n(b.x)),\(n(b.y))" \(style)/>

      """
  }

  /// Neighbouring wires are told apart by their greys.
  private static func ink(_ source: Int) -> String {
    ["#6c757d", "#8d99a6", "#56606b", "#a08d7a", "#7a8da0", "#7d8f78"][source % 6]
  }

  /// A path with round corners.
  private func loop(_ line: DiagramLayout.Return) -> String {
    guard let first = line.points.first, let last = line.points.last else { return "" }
    var path = "M\(n(first.x)),\(n(first.y))"
    for (index, corner) in line.points.enumerated().dropFirst().dropLast() {
      let (before, after) = (line.points[index - 1], line.points[index + 1])
      let (entry, exit) = (towards(corner, before), towards(corner, after))
      path += " L\(n(entry.x)),\(n(entry.y)) Q\(n(corner.x)),\(n(corner.y)) \(n(exit.x)),\(n(exit.y))"
    }
    path += " L\(n(last.x)),\(n(last.y))"
    return """
      <path d="\(path)" fill="none" stroke="#a61e4d" stroke-width="1.4" stroke-dasharray="5 3"/>

      """
  }

  private func towards(_ corner: DiagramLayout.Point, _ other: DiagramLayout.Point) -> DiagramLayout.Point {
    let (dx, dy) = (other.x - corner.x, other.y - corner.y)
    let length = max((dx * dx + dy * dy).squareRoot(), 0.001)
    let step = min(6, length / 2) / length
    return DiagramLayout.Point(x: corner.x + dx * step, y: corner.y + dy * step)
  }

  // MARK: Text

  /// A number to a tenth.
  private func n(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}
