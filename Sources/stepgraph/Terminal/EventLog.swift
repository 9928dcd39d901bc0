import Diagnostics
import Foundation
import GraphEngine

/// The file that `--events` names: a JSON object a line, each written whole.
final class EventLog: Sendable {
  private let file: FileHandle

  init(path: String) throws {
    let url = URL(filePath: path)
    do {
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data().write(to: url)
      file = try FileHandle(forWritingTo: url)
    } catch {
      throw DiagnosticList([Diagnostic("--events: cannot write '\(path)': \(error.localizedDescription)")])
    }
  }

  func write(_ event: RunEvent) {
    try? file.write(contentsOf: Data((event.json + "\n").utf8))
  }
}
