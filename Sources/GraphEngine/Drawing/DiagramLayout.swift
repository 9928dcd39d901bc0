/// Where the boxes, clusters and wires of a diagram are.
///
/// Each cluster is laid out by itself, with ports on its top and bottom for the wires that cross its border, and then is
/// one item of what it is in: so nothing ever lies on anything else.
struct DiagramLayout {
  typealias Point = LayeredLayout.Point

  struct Rectangle {
    var x: Double
    var y: Double
    var width: Double
    var height: Double
  }

  struct Line {
    var from: Point
    var to: Point
    var isEnd: Bool
    /// The box that the wire comes from.
    var source: Int
  }

  /// What an iteration hands to the next: from the bottom of its cluster round to the top.
  struct Return {
    var points: [Point]
    var source: Int
  }

  private(set) var boxes: [Int: Rectangle] = [:]
  private(set) var clusters: [Int: Rectangle] = [:]
  private(set) var lines: [Line] = []
  private(set) var returns: [Return] = []
  private(set) var width = 0.0
  private(set) var height = 0.0

  /// The border of a cluster: its title is above, returning wires are at the right.
  static let (titleHeight, padding, returnWidth) = (24.0, 14.0, 12.0)
  static let boxHeight = 46.0

  init(_ diagram: Diagram) {
    let top = Container(diagram, nil)
    width = top.width
    height = top.height
    boxes = top.boxes
    clusters = top.clusters
    lines = top.lines
    returns = top.returns
  }

  static func width(of box: Diagram.Box) -> Double {
    max(76, TextWidth.of(box.name, size: 13, isBold: true) + 26, TextWidth.of(box.type, size: 11) + 26)
  }

  /// A wire that crosses a cluster's border, by the box that it comes from.
  private enum Port: Hashable {
    case wire(Int)
    /// Of an iteration before.
    case feedback(Int)

    var box: Int {
      switch self {
      case .wire(let box), .feedback(let box): box
      }
    }
  }

  private struct Container {
    var width = 0.0
    var height = 0.0
    var boxes: [Int: Rectangle] = [:]
    var clusters: [Int: Rectangle] = [:]
    var lines: [Line] = []
    var returns: [Return] = []
    /// From the left side.
    var entries: [Port: Double] = [:]
    var exits: [Port: Double] = [:]

    /// Something inside: a box, or a cluster with all that is in it.
    private enum Member: Hashable { case box(Int), cluster(Int), entry(Port), exit(Port) }

    init(_ diagram: Diagram, _ cluster: Int?) {
      let depth = diagram.clusters(around: cluster).count
      /// What of this container a box is, or is in; nil for boxes outside.
      func member(_ box: Int) -> Member? {
        let path = diagram.clusters(around: diagram.boxes[box].cluster)
        if depth > 0, path.count < depth || path[depth - 1] != cluster { return nil }
        return path.count > depth ? .cluster(path[depth]) : .box(box)
      }
      var members: [Member] = []
      var children: [Int: Container] = [:]
      for box in diagram.boxes.indices {
        guard let member = member(box), !members.contains(member) else { continue }
        members.append(member)
        if case .cluster(let child) = member { children[child] = Container(diagram, child) }
      }

      // Nets by what they come from: members in here, or ports.
      var targets: [Member: [Member: Set<Port>]] = [:]
      func connect(_ from: Member, _ to: Member, _ port: Port) {
        targets[from, default: [:]][to, default: []].insert(port)
      }
      var sources: [(from: Member, port: Port)] = []
      func note(_ from: Member, _ port: Port, _ to: Member) {
        if !sources.contains(where: { $0.from == from && $0.port == port }) { sources.append((from, port)) }
        connect(from, to, port)
      }
      var entries: [Port] = []
      var exits: [Port] = []
      func enter(_ port: Port) -> Member {
        if !entries.contains(port) { entries.append(port) }
        return .entry(port)
      }
      func leave(_ port: Port) -> Member {
        if !exits.contains(port) { exits.append(port) }
        return .exit(port)
      }
      for wire in diagram.wires {
        let port = Port.wire(wire.from)
        switch (member(wire.from), member(wire.to)) {
        case (let from?, let to?) where from != to: note(from, port, to)
        case (let from?, nil): note(from, port, leave(port))
        case (nil, let to?): note(enter(port), port, to)
        default: break
        }
      }
      for wire in diagram.feedback {
        let port = Port.feedback(wire.from)
        let (from, to) = (member(wire.from), member(wire.to))
        if let from, let to {
          // Inside one member it is that member's own affair.
          if case .cluster = from, from == to { continue }
          note(from, port, leave(port))
          note(enter(port), port, to)
        } else if let from {
          note(from, port, leave(port))
        } else if let to {
          note(enter(port), port, to)
        }
      }

      let all = entries.map { Member.entry($0) } + members + exits.map { Member.exit($0) }
      let index = Dictionary(all.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      let items = all.map { member -> LayeredLayout.Item in
        switch member {
        case .box(let box):
          .init(kind: .body, width: DiagramLayout.width(of: diagram.boxes[box]), height: DiagramLayout.boxHeight)
        case .cluster(let child):
          .init(kind: .body, width: children[child]?.width ?? 0, height: children[child]?.height ?? 0)
        case .entry: .init(kind: .entry, width: 0, height: 0)
        case .exit: .init(kind: .exit, width: 0, height: 0)
        }
      }
      var nets: [LayeredLayout.Net] = []
      var netSources: [Int] = []
      for (from, port) in sources {
        guard let source = index[from] else { continue }
        var ends: [(item: Int, offset: Double?)] = []
        for to in all {
          guard targets[from]?[to]?.contains(port) == true, let item = index[to] else { continue }
          var offset: Double?
          if case .cluster(let child) = to { offset = children[child]?.entries[port] }
          ends.append((item, offset))
        }
        let offset: Double =
          switch from {
          case .box: items[source].width / 2
          case .cluster(let child): children[child]?.exits[port] ?? items[source].width / 2
          case .entry, .exit: 0
          }
        nets.append(.init(source: source, offset: offset, targets: ends))
        switch port {
        case .wire(let box), .feedback(let box): netSources.append(box)
        }
      }
      let layout = LayeredLayout(items: items, nets: nets)

      let returning = entries.filter { exits.contains($0) && diagram.returns($0.box, in: cluster) }
      let isFramed = cluster != nil
      let left = isFramed ? DiagramLayout.padding : 0
      let top = isFramed ? DiagramLayout.titleHeight : 0
      let title = cluster.map { TextWidth.of(diagram.clusters[$0].title, size: 12, isBold: true) + 24 } ?? 0
      let room = Double(returning.count) * DiagramLayout.returnWidth
      let below = isFramed ? DiagramLayout.padding + room : 0
      width = max(layout.width + 2 * left, title) + (returning.isEmpty ? 0 : room + 4)
      height = layout.height + top + below + (isFramed && entries.isEmpty ? DiagramLayout.padding / 2 : 0)
      let inner = top + (isFramed && entries.isEmpty ? DiagramLayout.padding / 2 : 0)
      func moved(_ point: Point) -> Point { Point(x: point.x + left, y: point.y + inner) }

      for (position, member) in all.enumerated() {
        let place = moved(layout.places[position])
        switch member {
        case .box(let box):
          boxes[box] = Rectangle(
            x: place.x, y: place.y, width: items[position].width, height: items[position].height)
        case .cluster(let child):
          guard let inside = children[child] else { continue }
          clusters[child] = Rectangle(x: place.x, y: place.y, width: inside.width, height: inside.height)
          take(inside, at: place)
        case .entry(let port):
          if returning.contains(port) { continue }
          self.entries[port] = place.x
          lines.append(Line(from: Point(x: place.x, y: 0), to: place, isEnd: false, source: port.box))
        case .exit(let port):
          if returning.contains(port) { continue }
          self.exits[port] = place.x
          lines.append(Line(from: place, to: Point(x: place.x, y: height), isEnd: false, source: port.box))
        }
      }
      for segment in layout.segments {
        let isEnd: Bool = segment.isEnd && boxesEnd(segment, layout, items, nets)
        lines.append(
          Line(from: moved(segment.from), to: moved(segment.to), isEnd: isEnd, source: netSources[segment.net]))
      }
      for (number, port) in returning.enumerated() {
        guard let entry = index[.entry(port)], let exit = index[.exit(port)] else { continue }
        let (start, end) = (moved(layout.places[exit]), moved(layout.places[entry]))
        let lane = Double(number) * DiagramLayout.returnWidth
        let (right, bottom) = (width - 8 - lane, start.y + 8 + lane)
        let above = end.y - 6
        returns.append(
          Return(
            points: [
              start, Point(x: start.x, y: bottom), Point(x: right, y: bottom), Point(x: right, y: above),
              Point(x: end.x, y: above), end,
            ], source: port.box))
      }
    }

    /// Whether a segment ends at a box, and not at a port.
    private func boxesEnd(
      _ segment: LayeredLayout.Segment, _ layout: LayeredLayout, _ items: [LayeredLayout.Item],
      _ nets: [LayeredLayout.Net]
    ) -> Bool {
      items.indices.contains { item in
        items[item].kind == .body && items[item].height == DiagramLayout.boxHeight
          && layout.places[item].y == segment.to.y && layout.places[item].x <= segment.to.x
          && segment.to.x <= layout.places[item].x + items[item].width
      }
    }

    /// Takes up what is in a cluster at its place.
    private mutating func take(_ inside: Container, at place: Point) {
      func moved(_ point: Point) -> Point { Point(x: point.x + place.x, y: point.y + place.y) }
      func moved(_ frame: Rectangle) -> Rectangle {
        Rectangle(x: frame.x + place.x, y: frame.y + place.y, width: frame.width, height: frame.height)
      }
      boxes.merge(inside.boxes.mapValues(moved)) { $1 }
      clusters.merge(inside.clusters.mapValues(moved)) { $1 }
      lines += inside.lines.map {
        Line(from: moved($0.from), to: moved($0.to), isEnd: $0.isEnd, source: $0.source)
      }
      returns += inside.returns.map { Return(points: $0.points.map(moved), source: $0.source) }
    }
  }
}

extension Diagram.Cluster {
  /// Such as `sample × 20`.
  var title: String { times.map { "\(name) × \($0)" } ?? name }
}

extension Diagram {
  /// Whether what a box hands on to later iterations turns round in this cluster, and not further out.
  fileprivate func returns(_ box: Int, in cluster: Int?) -> Bool {
    feedback.contains { wire in
      guard wire.from == box else { return false }
      let paths = zip(clusters(around: boxes[wire.from].cluster), clusters(around: boxes[wire.to].cluster))
      return paths.prefix { $0 == $1 }.map { $0.0 }.last == cluster
    }
  }
}

/// About how wide a text is in a sans-serif face: there is no font to ask.
enum TextWidth {
  static func of(_ text: String, size: Double, isBold: Bool = false) -> Double {
    let ems = text.unicodeScalars.reduce(0.0) { sum, scalar in
      switch scalar {
      case "i", "j", "l", "I", "t", "f", "r", ".", ",", ":", "/", "[", "]", "(", ")", "'", " ": sum + 0.34
      case "m", "w", "M", "W": sum + 0.88
      case "A"..."Z": sum + 0.68
      case "\u{1100}"...: sum + 1
      default: sum + 0.57
      }
    }
    return ems * size * (isBold ? 1.07 : 1)
  }
}
