import Diagnostics

extension ResolvedNode {
  /// Where an input or parameter is written, or the node where it is left to its default.
  func location(of port: String?) -> SourceLocation { port.flatMap { portLocations[$0] } ?? location }

  /// An error that the node threw, told at the line of the workflow that it concerns.
  package func diagnostic(for error: any Error) -> Diagnostic {
    let name = "node '\(address)' (\(declaration.info.type)): "
    if let failure = error as? NodeFailure {
      return Diagnostic(name + failure.message, at: location(of: failure.port), notes: failure.notes)
    }
    if let told = error as? Diagnostic {
      return Diagnostic(name + told.message, at: told.location ?? location, notes: told.notes)
    }
    if let unreadable = error as? SourceDigests.Unreadable {
      return Diagnostic(
        name + "cannot read '\(unreadable.path)': \(unreadable.reason)", at: readPathLocation(for: unreadable.path))
    }
    return Diagnostic(name + "\(error)", at: location)
  }

  /// Where the path parameter is written that led to a file.
  private func readPathLocation(for path: String) -> SourceLocation {
    let candidates = declaration.parameters.filter { $0.type == .path(.read) }
    let leading = candidates.first { candidate in
      guard case .path(let value)? = parameters.values[candidate.name] else { return false }
      return path == value || path.hasPrefix(value.hasSuffix("/") ? value : value + "/")
    }
    return location(of: (leading ?? candidates.first)?.name)
  }
}
