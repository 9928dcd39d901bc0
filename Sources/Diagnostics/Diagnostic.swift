/// One problem, told to the person who can mend it.
package struct Diagnostic: Error, Sendable {
  package enum Severity: String, Sendable { case error, warning }

  package var severity: Severity
  /// One sentence: what is wrong and what was expected.
  package var message: String
  /// Where; nil for problems that have no place in a file.
  package var location: SourceLocation?
  /// Further lines: the nearest right name, another place, a way out.
  package var notes: [String]
  /// What an editor can do about it; nil where only a person can tell.
  package var fix: Fix?
  /// For a problem in a file that others call: where they do.
  package var calls: [SourceLocation] = []

  package init(
    _ message: String, at location: SourceLocation? = nil, severity: Severity = .error, notes: [String] = [],
    fix: Fix? = nil
  ) {
    self.severity = severity
    self.message = message
    self.location = location
    self.notes = notes
    self.fix = fix
  }
}

/// Several problems, thrown together so that a person mends them all in one go.
package struct DiagnosticList: Error, Sendable {
  package var diagnostics: [Diagnostic]

  package init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}
