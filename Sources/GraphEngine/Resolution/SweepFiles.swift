/// The files that sinks write at the points of a sweep.
enum SweepFiles {
  /// The path of each sink's file before it was named after its point, by node and parameter.
  typealias Paths = [Int: [String: String]]

  /// Names files after their points, unless the workflow itself gives each point another one.
  @discardableResult
  static func rename(_ nodes: inout [ResolvedNode], names: SweepNames, points: [Range<Int>]) -> Paths {
    var paths: Paths = [:]
    var users: [Place: [(node: Int, point: Int)]] = [:]
    for (point, range) in points.enumerated() {
      for index in range where nodes[index].declaration.info.isSink {
        for (name, value) in nodes[index].parameters.values {
          guard case .path(let path) = value, nodes[index].isWritten(name) else { continue }
          paths[index, default: [:]][name] = path
          let address = nodes[index].address.dropFirst(names.addresses[point].count)
          users[Place(address: address, parameter: name), default: []].append((index, point))
        }
      }
    }
    for (place, users) in users {
      let own = Set(users.compactMap { paths[$0.node]?[place.parameter] }.map(PathText.normalized))
      guard users.count == 1 || own.count < users.count else { continue }
      for (node, point) in users {
        guard let path = paths[node]?[place.parameter] else { continue }
        nodes[node].parameters.values[place.parameter] = .path(
          PathText.inserting(names.suffixes[point], into: path))
      }
    }
    return paths
  }

  /// A parameter of a node that is the same at every point but for values.
  private struct Place: Hashable {
    var address: Substring
    var parameter: String
  }
}

extension ResolvedNode {
  fileprivate func isWritten(_ parameter: String) -> Bool {
    declaration.parameters.contains { $0.name == parameter && $0.type == .path(.write) }
  }
}
