import Foundation
import Synchronization

/// A failure that a test arms in a process it starts, or the end of that process at a named moment.
///
/// `STEPGRAPH_CACHE_FAULT="rename ac 3 kill"` names a call of `CacheFiles`, the file or folder below `v1/` that it is for
/// (`any` for all), which of these calls it is, and what becomes of it: `kill`, as by `kill -9` just before the call, or
/// the error `ENOSPC`, `EIO`, `EMFILE`, `EACCES` or `EROFS`.
package enum CacheFault {
  private static let errors = ["ENOSPC": ENOSPC, "EIO": EIO, "EMFILE": EMFILE, "EACCES": EACCES, "EROFS": EROFS]

  /// What the environment arms; nil when that is nothing.
  package static let armed: CacheFiles.Fault? = ProcessInfo.processInfo.environment["STEPGRAPH_CACHE_FAULT"].flatMap(
    fault)

  /// Reads the form above; nil when the text has another one.
  package static func fault(_ text: String) -> CacheFiles.Fault? {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 4, let call = CacheFiles.Call(rawValue: words[0]), let number = Int(words[2]),
      words[3] == "kill" || errors[words[3]] != nil
    else { return nil }
    let counter = Counter()
    return { made, path in
      guard made == call, words[1] == "any" || place(of: path) == words[1], counter.next() == number else { return nil }
      if let error = errors[words[3]] { return error }
      kill(getpid(), SIGKILL)
      return nil
    }
  }

  /// The first name below `v1/`; `top` for what is not below it.
  package static func place(of path: String) -> String {
    let parts = path.split(separator: "/")
    guard let root = parts.lastIndex(of: "v1"), root + 1 < parts.count else { return "top" }
    return String(parts[root + 1])
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
      count.withLock {
        $0 += 1
        return $0
      }
    }
  }
}
