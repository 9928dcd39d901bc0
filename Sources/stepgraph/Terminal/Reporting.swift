import ArgumentParser
import Diagnostics
import Foundation

extension ExitCode {
  static let nodeFailed = ExitCode(1)
  static let invalidGraph = ExitCode(2)
  static let interrupted = ExitCode(130)
}

/// Runs a command's body and tells its errors as messages and exit codes.
func reporting(_ body: () async throws -> Void) async throws {
  do {
    try await body()
  } catch let error as DiagnosticList {
    Terminal.show(error.diagnostics)
    throw ExitCode.invalidGraph
  } catch let error as Diagnostic {
    Terminal.show([error])
    throw ExitCode.nodeFailed
  } catch is CancellationError {
    Terminal.writeError("interrupted; what was finished is kept\n")
    throw ExitCode.interrupted
  }
}

extension Terminal {
  static func show(_ diagnostics: [Diagnostic]) {
    if !diagnostics.isEmpty { writeError(render(diagnostics, color: colours(STDERR_FILENO), width: errorWidth)) }
  }
}

/// A value as JSON for scripts: sorted keys, slashes as they are, a line end at the end.
func jsonText(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}

/// A diagnostic as `--json` prints it.
struct DiagnosticDescription: Encodable {
  let severity: String
  let message: String
  let file: String?
  let line: Int?
  let column: Int?
  let notes: [String]

  init(_ diagnostic: Diagnostic) {
    severity = diagnostic.severity.rawValue
    message = diagnostic.message
    file = diagnostic.location?.file.path
    line = diagnostic.location?.line
    column = diagnostic.location?.column
    notes = diagnostic.notes
  }
}
