import Diagnostics
import Foundation

/// What the process can assume of the streams it writes to.
enum Terminal {
  /// Whether standard error is a terminal: progress is drawn there.
  static let drawsProgress = isatty(STDERR_FILENO) == 1 && environment("TERM") != "dumb"

  /// Whether to colour text on a stream: only on a terminal, and not when NO_COLOR says otherwise (https://no-color.org).
  static func colours(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1 && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"
  }

  /// Columns of the terminal on standard error.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Columns of the terminal on standard output; nil where that is none, and lines may be as long as they are.
  static var outputWidth: Int? {
    var size = winsize()
    guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }

  /// Columns of the terminal on standard error; nil where that is none.
  static var errorWidth: Int? { isatty(STDERR_FILENO) == 1 ? width : nil }

  /// Writes to standard error; where that fails there is nobody to tell.
  static func writeError(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Writes to standard output.
  ///
  /// Throws a `Diagnostic` when that fails, so that a script does not take nothing for a result.
  static func write(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw Diagnostic("standard output cannot be written")
    }
  }

  private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}
