import Diagnostics

/// Reports two sinks that write one file, and nodes that read a file which a sink writes; each place once.
func checkPathConflicts(
  among nodes: [ResolvedNode], workingDirectory: String, into collector: DiagnosticCollector
) {
  let uses = pathUses(of: nodes, workingDirectory: workingDirectory)
  var writers: [String: PathUse] = [:]
  var reported: Set<SourceLocation> = []
  for use in uses where use.role == .write {
    guard let first = writers[use.absolute] else {
      writers[use.absolute] = use
      continue
    }
    guard reported.insert(use.location).inserted else { continue }
    let isSamePlace = first.location == use.location
    collector.error(
      "'\(nodes[first.node].address)' and '\(nodes[use.node].address)' write one file, '\(use.path)'",
      at: use.location,
      notes: [
        isSamePlace
          ? "put the loop's index into the path, as in 'out-$(i).png'" : "the other one is at \(first.location)"
      ])
  }
  for use in uses where use.role == .read {
    guard let writer = writers[use.absolute], reported.insert(use.location).inserted else { continue }
    collector.error(
      "'\(nodes[use.node].address)' reads '\(use.path)', which '\(nodes[writer.node].address)' writes",
      at: use.location, notes: ["it is written at \(writer.location)"])
  }
}

private struct PathUse {
  let role: PathRole
  let node: Int
  let path: String
  let absolute: String
  let location: SourceLocation
}

private func pathUses(of nodes: [ResolvedNode], workingDirectory: String) -> [PathUse] {
  var uses: [PathUse] = []
  var parametersByType: [String: [(name: String, role: PathRole)]] = [:]
  for index in nodes.indices {
    let type = nodes[index].declaration.info.type
    if parametersByType[type] == nil {
      parametersByType[type] = nodes[index].declaration.parameters.compactMap { parameter in
        if case .path(let role) = parameter.type { (parameter.name, role) } else { nil }
      }
    }
    for (name, role) in parametersByType[type] ?? [] {
      guard case .path(let path) = nodes[index].parameters.values[name] else { continue }
      uses.append(
        PathUse(
          role: role, node: index, path: path, absolute: PathText.join(workingDirectory, path),
          location: nodes[index].portLocations[name] ?? nodes[index].location))
    }
  }
  return uses
}
