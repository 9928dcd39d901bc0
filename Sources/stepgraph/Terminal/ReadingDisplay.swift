import Foundation
import GraphEngine
import Synchronization

/// Shows that large files are being read to know their contents, which takes a while the first time.
final class ReadingDisplay: Sendable {
  private let told = Mutex<Set<String>>([])

  /// Takes the bytes done of a file, and all of them.
  func handle(_ path: String, _ done: Int, _ all: Int) {
    if Terminal.drawsProgress {
      let text = "reading \(path): \(ByteCount(done)) of \(ByteCount(all))"
      Terminal.writeError("\r\u{1B}[2K" + text.prefix(Terminal.width - 1))
    } else if all >= 1_000_000_000, told.withLock({ $0.insert(path).inserted }) {
      Terminal.writeError("reading \(path), \(ByteCount(all))\n")
    }
  }

  /// Removes the line.
  func finish() {
    if Terminal.drawsProgress { Terminal.writeError("\r\u{1B}[2K") }
  }
}
