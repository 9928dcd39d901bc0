/// Gathers problems so that all of them are told at once.
package final class DiagnosticCollector {
  private var diagnostics: [Diagnostic] = []
  private var seen: [Report: Int] = [:]
  private var context: [String] = []
  /// Calls of the files that are being looked at, the outermost first.
  private var calls: [SourceLocation] = []
  package private(set) var errorCount = 0

  private struct Report: Hashable {
    let location: SourceLocation?
    let message: String
  }

  /// How many problems are kept; of more their number is.
  private let limit: Int
  private var omitted = 0

  /// - Parameter limit: bounds what a file of nothing but mistakes takes.
  package init(limit: Int = .max) { self.limit = limit }

  /// Adds a problem, unless the same message is already known at the same place.
  package func add(_ diagnostic: Diagnostic) {
    let report = Report(location: diagnostic.location, message: diagnostic.message)
    if let known = seen[report] {
      for call in calls where !diagnostics[known].calls.contains(call) { diagnostics[known].calls.append(call) }
      return
    }
    guard diagnostics.count < limit else {
      omitted += 1
      if diagnostic.severity == .error { errorCount += 1 }
      return
    }
    seen[report] = diagnostics.count
    var diagnostic = diagnostic
    diagnostic.notes += context.reversed()
    diagnostic.calls += calls
    diagnostics.append(diagnostic)
    if diagnostic.severity == .error { errorCount += 1 }
  }

  package func error(_ message: String, at location: SourceLocation?, notes: [String?] = [], fix: Fix? = nil) {
    add(Diagnostic(message, at: location, notes: notes.compactMap { $0 }, fix: fix))
  }

  package func warning(_ message: String, at location: SourceLocation?, notes: [String?] = [], fix: Fix? = nil) {
    add(Diagnostic(message, at: location, severity: .warning, notes: notes.compactMap { $0 }, fix: fix))
  }

  /// Adds `note`, if there is one, to every problem that `body` finds.
  package func with<Result>(note: String?, _ body: () throws -> Result) rethrows -> Result {
    guard let note else { return try body() }
    context.append(note)
    defer { context.removeLast() }
    return try body()
  }

  /// Tells every problem that `body` finds in a file as one of what is called at `location`.
  package func with<Result>(call location: SourceLocation?, _ body: () throws -> Result) rethrows -> Result {
    guard let location else { return try body() }
    calls.append(location)
    defer { calls.removeLast() }
    return try body()
  }

  package var isEmpty: Bool { diagnostics.isEmpty }

  /// Everything so far, in the order it was found.
  package var all: [Diagnostic] { diagnostics }

  /// Everything so far: problems without a place in a file first, then by file, line and column, and how many more there are.
  package var sorted: [Diagnostic] {
    let more = omitted == 0 ? [] : [Diagnostic("\(omitted) more problems are not shown")]
    return kept + more
  }

  private var kept: [Diagnostic] {
    diagnostics.enumerated().sorted { left, right in
      let (a, b) = (left.element.sortKey, right.element.sortKey)
      return a == b ? left.offset < right.offset : a < b
    }.map(\.element)
  }

  /// Throws everything found, warnings included, when an error is among it.
  package func throwIfErrors() throws(DiagnosticList) {
    if errorCount > 0 { throw DiagnosticList(sorted) }
  }
}

extension Diagnostic {
  fileprivate var sortKey: (Int, String, Int, Int) {
    guard let location else { return (0, "", 0, 0) }
    return (location.file.isArgument ? 1 : 2, location.file.path, location.line, location.column)
  }
}
