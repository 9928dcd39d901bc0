/// Places items in layers so that wires lead downwards, cross little and are nearly straight.
///
/// The method of Sugiyama, Tagawa and Toda (1981): layers by longest path, order by barycentres, then places. A net is all
/// wires from one source; where it passes a layer it takes one rail, from which its wires branch off.
struct LayeredLayout {
  struct Item {
    enum Kind { case body, entry, exit }

    let kind: Kind
    let width: Double
    let height: Double
  }

  struct Net {
    let source: Int
    /// Where the net leaves its source, from the left side.
    let offset: Double
    /// Items, and where on their tops: nil for any place.
    let targets: [(item: Int, offset: Double?)]
  }

  struct Point: Hashable {
    var x: Double
    var y: Double
  }

  /// A piece of a wire, downwards.
  struct Segment {
    var from: Point
    var to: Point
    /// Whether it ends at an item.
    let isEnd: Bool
    let net: Int
  }

  private enum Cell: Hashable {
    case item(Int)
    case rail(net: Int)
  }

  private struct Link {
    /// Positions in the lists of cells of two layers, one above the other.
    let upper: Cell
    let lower: Cell
    let net: Int
    /// Index into the net's targets; nil towards a rail.
    let target: Int?
  }

  private static let itemGap = 26.0
  private static let railGap = 14.0
  private static let layerGap = 40.0

  let items: [Item]
  let nets: [Net]
  private var layerOf: [Int]
  private var layers: [[Cell]] = []
  /// By gap between two layers.
  private var links: [[Link]] = []
  private var lefts: [Cell: [Int: Double]] = [:]
  /// Left upper corners.
  private(set) var places: [Point]
  private(set) var segments: [Segment] = []
  private(set) var width = 0.0
  private(set) var height = 0.0

  /// Items must be in an order in which nets lead from earlier to later ones, exits aside.
  init(items: [Item], nets: [Net]) {
    self.items = items
    self.nets = nets
    layerOf = Array(repeating: 0, count: items.count)
    places = Array(repeating: Point(x: 0, y: 0), count: items.count)
    assignLayers()
    makeCells()
    order()
    place()
    draw()
  }

  // MARK: Layers

  private mutating func assignLayers() {
    let base = items.contains { $0.kind == .entry } ? 1 : 0
    for item in items.indices where items[item].kind == .body { layerOf[item] = base }
    let bySource = Dictionary(grouping: nets.indices) { nets[$0].source }
    for item in items.indices where items[item].kind != .exit {
      for net in bySource[item] ?? [] {
        for target in nets[net].targets where items[target.item].kind == .body {
          layerOf[target.item] = max(layerOf[target.item], layerOf[item] + 1)
        }
      }
    }
    // What needs nothing goes to where it is needed.
    let fed = Set(nets.flatMap { $0.targets.map(\.item) })
    for item in items.indices.reversed() where items[item].kind == .body && !fed.contains(item) {
      let below = (bySource[item] ?? []).flatMap { nets[$0].targets }.filter { items[$0.item].kind == .body }
      if let first = below.map({ layerOf[$0.item] }).min() { layerOf[item] = max(base, first - 1) }
    }
    let last = items.indices.filter { items[$0].kind != .exit }.map { layerOf[$0] }.max() ?? 0
    for item in items.indices where items[item].kind == .exit { layerOf[item] = last + 1 }
  }

  private mutating func makeCells() {
    layers = Array(repeating: [], count: (layerOf.max() ?? 0) + 1)
    links = Array(repeating: [], count: max(0, layers.count - 1))
    for item in items.indices { layers[layerOf[item]].append(.item(item)) }
    for (index, net) in nets.enumerated() {
      let first = layerOf[net.source]
      guard let last = net.targets.map({ layerOf[$0.item] }).max(), last > first else { continue }
      for layer in first..<last {
        let upper = layer == first ? Cell.item(net.source) : .rail(net: index)
        for (number, target) in net.targets.enumerated() where layerOf[target.item] == layer + 1 {
          links[layer].append(Link(upper: upper, lower: .item(target.item), net: index, target: number))
        }
        if layer + 1 < last {
          layers[layer + 1].append(.rail(net: index))
          links[layer].append(Link(upper: upper, lower: .rail(net: index), net: index, target: nil))
        }
      }
    }
  }

  // MARK: Order

  private mutating func order() {
    var best = layers
    var fewest = crossings()
    for sweep in 0..<16 where fewest > 0 {
      let isDown = sweep.isMultiple(of: 2)
      for layer in isDown ? Array(layers.indices.dropFirst()) : layers.indices.dropLast().reversed() {
        sort(layer, by: isDown ? layer - 1 : layer)
      }
      let count = crossings()
      if count < fewest {
        fewest = count
        best = layers
      }
    }
    layers = best
  }

  private func positions(in layer: Int) -> [Cell: Double] {
    Dictionary(layers[layer].enumerated().map { ($1, Double($0)) }, uniquingKeysWith: { first, _ in first })
  }

  /// Where on a cell a link is, as a part of its width from the middle.
  private func share(_ link: Link, isUpper: Bool) -> Double {
    let (item, offset): (Int, Double?) =
      switch (isUpper, isUpper ? link.upper : link.lower) {
      case (true, .item(let item)): (item, nets[link.net].offset)
      case (false, .item(let item)): (item, link.target.flatMap { nets[link.net].targets[$0].offset })
      default: (0, nil)
      }
    return offset.map { ($0 / max(items[item].width, 1) - 0.5) * 0.9 } ?? 0
  }

  /// Sorts a layer by the mean places of its neighbours across a gap.
  private mutating func sort(_ layer: Int, by gap: Int) {
    let isDown = gap < layer
    let neighbours = positions(in: isDown ? layer - 1 : layer + 1)
    var sums: [Cell: (sum: Double, count: Double)] = [:]
    for link in links[gap] {
      let (cell, other) = isDown ? (link.lower, link.upper) : (link.upper, link.lower)
      let place = (neighbours[other] ?? 0) + share(link, isUpper: isDown) - 0.01 * share(link, isUpper: !isDown)
      let known = sums[cell] ?? (0, 0)
      sums[cell] = (known.sum + place, known.count + 1)
    }
    let keys = layers[layer].enumerated().map { index, cell in
      (cell: cell, key: sums[cell].map { $0.sum / $0.count } ?? Double(index), index: index)
    }
    layers[layer] = keys.sorted { ($0.key, $0.index) < ($1.key, $1.index) }.map(\.cell)
  }

  private func crossings() -> Int {
    links.indices.reduce(0) { total, gap in
      let (upper, lower) = (positions(in: gap), positions(in: gap + 1))
      let ends = links[gap].map { link in
        (
          (upper[link.upper] ?? 0) + share(link, isUpper: true), (lower[link.lower] ?? 0) + share(link, isUpper: false)
        )
      }
      .sorted { $0 < $1 }
      var count = 0
      for i in ends.indices {
        for j in ends[(i + 1)...].indices where ends[i].0 < ends[j].0 && ends[i].1 > ends[j].1 { count += 1 }
      }
      return total + count
    }
  }

  // MARK: Places

  private func width(_ cell: Cell) -> Double {
    if case .item(let item) = cell { items[item].width } else { 0 }
  }

  private func gap(_ a: Cell, _ b: Cell) -> Double {
    switch (a, b) {
    case (.item(let a), .item(let b)):
      items[a].kind == .body || items[b].kind == .body ? Self.itemGap : Self.railGap
    case (.rail, .rail): Self.railGap
    default: (Self.itemGap + Self.railGap) / 2
    }
  }

  private mutating func place() {
    // Distances between the left sides of neighbours, and a first try without regard to wires.
    let offsets = layers.map { layer in
      var offsets = [0.0]
      for (a, b) in zip(layer, layer.dropFirst()) { offsets.append((offsets.last ?? 0) + width(a) + gap(a, b)) }
      return offsets
    }
    var xs = offsets
    let index = layers.map { layer in
      Dictionary(layer.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }
    for pass in 0..<40 {
      let isDown = pass.isMultiple(of: 2)
      for layer in isDown ? Array(layers.indices) : layers.indices.reversed() {
        var wanted = Array(repeating: (sum: 0.0, weight: 0.0), count: layers[layer].count)
        func pull(_ gap: Int, isAbove: Bool, strength: Double) {
          for link in links[gap] {
            let (cell, other) = isAbove ? (link.lower, link.upper) : (link.upper, link.lower)
            guard let here = index[layer][cell], let there = index[isAbove ? gap : gap + 1][other] else { continue }
            let x = xs[isAbove ? gap : gap + 1][there] + connection(other, link, isUpper: isAbove)
            // Rails are to be straight.
            let isRail = if case .rail = cell, case .rail = other { true } else { false }
            let weight = strength * (isRail ? 6 : 1)
            wanted[here].sum += weight * (x - connection(cell, link, isUpper: !isAbove))
            wanted[here].weight += weight
          }
        }
        if layer > 0 { pull(layer - 1, isAbove: true, strength: isDown ? 1 : 0.4) }
        if layer + 1 < layers.count { pull(layer, isAbove: false, strength: isDown ? 0.4 : 1) }
        let targets = layers[layer].indices.map { cell in
          wanted[cell].weight > 0 ? wanted[cell].sum / wanted[cell].weight : xs[layer][cell]
        }
        let weights = wanted.map { max($0.weight, 0.05) }
        xs[layer] = Self.spread(targets, weights, offsets[layer])
      }
    }
    let left = xs.joined().min() ?? 0
    for (layer, cells) in layers.enumerated() {
      for (position, cell) in cells.enumerated() {
        let x = xs[layer][position] - left
        lefts[cell, default: [:]][layer] = x
        width = max(width, x + width(cell))
      }
    }
  }

  /// The places nearest to the wanted ones that keep the distances: least squares, by pooling those that push each other.
  private static func spread(_ wanted: [Double], _ weights: [Double], _ offsets: [Double]) -> [Double] {
    var pools: [(value: Double, weight: Double, count: Int)] = []
    for (index, place) in wanted.enumerated() {
      pools.append((place - offsets[index], weights[index], 1))
      while pools.count > 1, pools[pools.count - 2].value > pools[pools.count - 1].value {
        let last = pools.removeLast()
        let before = pools.removeLast()
        let weight = last.weight + before.weight
        pools.append(
          ((last.value * last.weight + before.value * before.weight) / weight, weight, last.count + before.count))
      }
    }
    var places: [Double] = []
    for pool in pools { for _ in 0..<pool.count { places.append(pool.value + offsets[places.count]) } }
    return places
  }

  /// Where a link meets a cell, from the cell's left side.
  private func connection(_ cell: Cell, _ link: Link, isUpper: Bool) -> Double {
    guard case .item(let item) = cell else { return 0 }
    if isUpper { return nets[link.net].offset }
    return link.target.flatMap { nets[link.net].targets[$0].offset } ?? items[item].width / 2
  }

  // MARK: Wires

  private mutating func draw() {
    var y = 0.0
    var tops: [Double] = []
    var heights: [Double] = []
    for layer in layers {
      let height =
        layer.map { cell in if case .item(let item) = cell { items[item].height } else { 0.0 } }.max() ?? 0
      tops.append(y)
      heights.append(height)
      y += height + Self.layerGap
    }
    height = max(0, y - Self.layerGap)
    for (layer, cells) in layers.enumerated() {
      for case .item(let item) in cells {
        let inset = (heights[layer] - items[item].height) / 2
        places[item] = Point(x: lefts[.item(item)]?[layer] ?? 0, y: tops[layer] + inset)
      }
    }
    for gap in links.indices {
      let arrivals = spreadArrivals(gap)
      for (number, link) in links[gap].enumerated() {
        let fromX = (lefts[link.upper]?[gap] ?? 0) + connection(link.upper, link, isUpper: true)
        let toX =
          (lefts[link.lower]?[gap + 1] ?? 0) + (arrivals[number] ?? connection(link.lower, link, isUpper: false))
        var from = Point(x: fromX, y: tops[gap] + heights[gap])
        var to = Point(x: toX, y: tops[gap + 1])
        if case .item(let item) = link.upper {
          let bottom = places[item].y + items[item].height
          if bottom < from.y {
            segments.append(Segment(from: Point(x: fromX, y: bottom), to: from, isEnd: false, net: link.net))
          }
          from.y = max(from.y, bottom)
        }
        switch link.lower {
        case .item(let item):
          let top = places[item].y
          segments.append(Segment(from: from, to: to, isEnd: top == to.y, net: link.net))
          if top > to.y {
            from = to
            to.y = top
            segments.append(Segment(from: from, to: to, isEnd: true, net: link.net))
          }
        case .rail:
          segments.append(Segment(from: from, to: to, isEnd: false, net: link.net))
          let end = Point(x: toX, y: tops[gap + 1] + heights[gap + 1])
          if end.y > to.y { segments.append(Segment(from: to, to: end, isEnd: false, net: link.net)) }
        }
      }
    }
  }

  /// Wires that may end anywhere on an item's top, side by side in the order they come from, by link.
  private func spreadArrivals(_ gap: Int) -> [Int: Double] {
    var byItem: [Int: [Int]] = [:]
    for (number, link) in links[gap].enumerated() {
      guard case .item(let item) = link.lower, let target = link.target,
        nets[link.net].targets[target].offset == nil, items[item].kind == .body
      else { continue }
      byItem[item, default: []].append(number)
    }
    var arrivals: [Int: Double] = [:]
    for (item, numbers) in byItem {
      let sorted = numbers.sorted { a, b in
        let (a, b) = (links[gap][a], links[gap][b])
        return (lefts[a.upper]?[gap] ?? 0) + connection(a.upper, a, isUpper: true)
          < (lefts[b.upper]?[gap] ?? 0) + connection(b.upper, b, isUpper: true)
      }
      for (place, number) in sorted.enumerated() {
        arrivals[number] = items[item].width * Double(place + 1) / Double(sorted.count + 1)
      }
    }
    return arrivals
  }
}
