import Diagnostics

/// Reports two sinks that write one file, and nodes that read a file which a sink writes.
func checkPathConflicts(
  among nodes: [ResolvedNode], workingDirectory: String, into collector: DiagnosticCollector
) {
  var pathParameters: [String: [ParameterDeclaration]] = [:]
  for node in nodes where pathParameters[node.declaration.info.type] == nil {
    pathParameters[node.declaration.info.type] = node.declaration.parameters.filter {
      if case .path = $0.type { true } else { false }
    }
  }
  func uses(of role: PathRole) -> [PathUse] {
    nodes.indices.flatMap { index in
      (pathParameters[nodes[index].declaration.info.type] ?? []).compactMap { parameter in
        guard parameter.type == .path(role), case .path(let path) = nodes[index].parameters.values[parameter.name]
        else { return nil }
        return PathUse(
          node: index, path: path, absolute: PathText.join(workingDirectory, path),
          location: nodes[index].portLocations[parameter.name] ?? nodes[index].location)
      }
    }
  }
  var writers: [String: PathUse] = [:]
  for use in uses(of: .write) {
    guard let first = writers[use.absolute] else {
      writers[use.absolute] = use
      continue
    }
    let isSamePlace = first.location == use.location
    collector.error(
      "'\(nodes[first.node].address)' and '\(nodes[use.node].address)' write one file, '\(use.path)'",
      at: use.location,
      notes: [
        isSamePlace
          ? "put the loop's index into the path, as in 'out-$(i).png'" : "the other one is at \(first.location)"
      ])
  }
  guard !writers.isEmpty else { return }
  for use in uses(of: .read) {
    guard let writer = writers[use.absolute] else { continue }
    collector.error(
      "'\(nodes[use.node].address)' reads '\(use.path)', which '\(nodes[writer.node].address)' writes",
      at: use.location, notes: ["it is written at \(writer.location)"])
  }
}

private struct PathUse {
  let node: Int
  let path: String
  let absolute: String
  let location: SourceLocation
}
