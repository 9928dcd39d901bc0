import Diagnostics

/// Adds the nodes that show the results of a sweep together.
struct SweepSheetMaker {
  private let sweep: BoundSweep
  private let catalog: NodeCatalog
  private let choice: SheetChoice

  /// More values than this are shown in several rows.
  private static let longestRow = 8
  /// Of more points than this a sheet is made only when it is asked for: it keeps all their pictures in memory.
  private static let maximumPoints = 400

  init(_ sweep: BoundSweep, catalog: NodeCatalog, choice: SheetChoice) {
    self.sweep = sweep
    self.catalog = catalog
    self.choice = choice
  }

  /// Makes a sheet for each sink that is a target at every point where it exists.
  ///
  /// - Parameters:
  ///   - paths: the sinks' files before they were named after points.
  ///   - points: the nodes of each point.
  func add(
    to nodes: inout [ResolvedNode], targets: inout [Int], paths: SweepFiles.Paths, points: [Range<Int>],
    into collector: DiagnosticCollector
  ) {
    guard choice != .none, points.count == sweep.points.count, let sheet = catalog.sheet,
      let sink = catalog[sheet.sink], let joiner = catalog[sheet.joiner],
      let input = sink.inputs.firstIndex(where: { $0.name == sheet.input })
    else { return }
    let groups = sinks(of: sheet.sink, among: nodes, points: points, targets: Set(targets))
    if choice == .beside, points.count > Self.maximumPoints, let node = groups.first?.sinks.first?.node {
      collector.warning(
        "a sweep of more than \(Self.maximumPoints) points is not shown on a sheet", at: nodes[node].location,
        notes: ["--sheet FILE asks for one, --no-sheet for none"])
      return
    }
    if case .at(let file) = choice, groups.count != 1 {
      let names = groups.prefix(5).map { "'\($0.name)'" }.joined(separator: ", ")
      let found = groups.isEmpty ? "no node of type \(sheet.sink)" : "\(groups.count) nodes, \(names)"
      collector.error(
        "--sheet names one file, but the sweep's pictures are written by \(found)",
        at: SourceLocation(argument: "--sheet \(file)"), notes: [groups.isEmpty ? nil : "choose one with --target"])
      return
    }
    for group in groups {
      let given = group.sinks.compactMap { paths[$0.node]?[sheet.path] }
      guard let first = group.sinks.first, let path = path(beside: given) else { continue }
      let location = nodes[first.node].portLocations[sheet.path] ?? nodes[first.node].location
      let layout = layout(of: group.sinks.map { sweep.points[$0.point] })
      let wires = group.sinks.compactMap { sink in
        joined(nodes[sink.node].inputs[input], of: nodes[sink.node], by: joiner, sheet, into: &nodes)
      }
      targets.append(nodes.count + 1)
      nodes.append(
        ResolvedNode(
          address: "sheet/\(group.name)/cells", declaration: joiner,
          inputs: joiner.inputs.map { $0.name == sheet.parts ? wires : [] },
          parameters: parameters(of: joiner, sheet.parameters(layout)), location: location))
      nodes.append(
        ResolvedNode(
          address: "sheet/\(group.name)", declaration: sink,
          inputs: sink.inputs.indices.map { $0 == input ? [WireSource(node: nodes.count - 1, output: 0)] : [] },
          parameters: parameters(of: sink, [sheet.path: .path(path)]), location: location,
          portLocations: [sheet.path: location]))
    }
  }

  /// What one sink writes, as one: a point has one cell.
  private func joined(
    _ wires: [WireSource], of sink: ResolvedNode, by joiner: NodeDeclaration, _ sheet: SweepSheet,
    into nodes: inout [ResolvedNode]
  ) -> WireSource? {
    if wires.count == 1 { return wires[0] }
    nodes.append(
      ResolvedNode(
        address: "sheet/\(sink.address)", declaration: joiner,
        inputs: joiner.inputs.map { $0.name == sheet.parts ? wires : [] }, parameters: parameters(of: joiner, [:]),
        location: sink.location))
    return WireSource(node: nodes.count - 1, output: 0)
  }

  /// Sinks that are the same at every point but for values.
  private struct Group {
    var name: String
    var sinks: [(node: Int, point: Int)]
  }

  private func sinks(
    of type: String, among nodes: [ResolvedNode], points: [Range<Int>], targets: Set<Int>
  ) -> [Group] {
    let addresses = SweepNames(sweep).addresses
    var groups: [Group] = []
    var byName: [String: Int] = [:]
    var incomplete: Set<String> = []
    for (point, range) in points.enumerated() {
      for index in range where nodes[index].declaration.info.type == type {
        let name = String(nodes[index].address.dropFirst(addresses[point].count + 1))
        guard targets.contains(index) else {
          incomplete.insert(name)
          continue
        }
        if byName[name] == nil {
          byName[name] = groups.count
          groups.append(Group(name: name, sinks: []))
        }
        groups[byName[name] ?? 0].sinks.append((index, point))
      }
    }
    return groups.filter { !incomplete.contains($0.name) }
  }

  private func parameters(of node: NodeDeclaration, _ given: [String: ParameterValue]) -> NodeParameters {
    var values: [String: ParameterValue] = [:]
    for parameter in node.parameters {
      values[parameter.name] = given[parameter.name] ?? parameter.defaultValue ?? .absent
    }
    return NodeParameters(values)
  }

  /// `out-sheet.png` for `out.png`, and also for `out-1.png` and `out-2.png`.
  private func path(beside paths: [String]) -> String? {
    if case .at(let path) = choice { return PathText.normalized(path) }
    guard let first = paths.first else { return nil }
    if paths.allSatisfy({ $0 == first }) { return PathText.inserting("-sheet", into: first) }
    let common = paths.dropFirst().reduce(first) { String(zip($0, $1).prefix { $0 == $1 }.map(\.0)) }
    let start = String(common.reversed().drop { "-_.= ".contains($0) }.reversed())
    return start + (start.isEmpty || start.hasSuffix("/") ? "sheet" : "-sheet") + PathText.ending(first)
  }

  // MARK: Layout

  /// One axis in a row or wrapped, two as columns and rows, and a block for each value of any further ones.
  private func layout(of points: [[Int]]) -> SheetLayout {
    var layout = SheetLayout()
    let axes = sweep.axes
    layout.columnTitle = axes[0].name
    if axes.count == 1, points.count > Self.longestRow {
      layout.columns = Int(Double(points.count).squareRoot().rounded(.up))
      layout.labels = points.map { axes[0].labels[$0[0]] }
      layout.cells = Array(points.indices)
      return layout
    }
    layout.columns = axes[0].values.count
    layout.columnLabels = axes[0].labels
    guard axes.count > 1 else {
      layout.cells = points.map { $0[0] }
      return layout
    }
    layout.rowTitle = axes[1].name
    layout.rowLabels = axes[1].labels
    var blocks: [[Int]: Int] = [:]
    layout.cells = points.map { point in
      let key = Array(point.dropFirst(2))
      if blocks[key] == nil {
        blocks[key] = blocks.count
        if !key.isEmpty {
          let values = key.enumerated().map { "\(axes[$0 + 2].name) = \(axes[$0 + 2].labels[$1])" }
          layout.blockLabels.append(values.joined(separator: ", "))
        }
      }
      let row = (blocks[key] ?? 0) * axes[1].values.count + point[1]
      return row * layout.columns + point[0]
    }
    return layout
  }
}

extension SweepAxis {
  /// The values as people read them.
  fileprivate var labels: [String] {
    let texts = texts
    if values.first?.type == .path {
      let stems = texts.map(PathText.stem)
      if Set(stems).count == stems.count { return stems }
    }
    return texts.map { $0.isEmpty ? "\"\"" : $0 }
  }
}
