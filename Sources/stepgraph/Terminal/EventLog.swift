import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes

/// The file that `--events` names: a JSON object a line, each written whole.
final class EventLog: Sendable {
  private let file: FileHandle

  init(path: String) throws {
    do {
      try WholeFile.write([], to: path, kind: .events)
      file = try FileHandle(forWritingTo: URL(filePath: path))
    } catch {
      let reason = (error as? FileError)?.message ?? "'\(path)' cannot be written"
      throw DiagnosticList([Diagnostic("--events: \(reason)")])
    }
  }

  func write(_ event: RunEvent) {
    try? file.write(contentsOf: Data((event.json + "\n").utf8))
  }
}
