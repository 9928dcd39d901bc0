import Foundation

/// How long the tests that never tire go on: a few rounds, or what `make soak` asks for.
package enum Soak {
  /// Seconds for each test; nil in the usual run.
  package static let seconds = ProcessInfo.processInfo.environment["STEPGRAPH_SOAK"].flatMap { Double($0) }

  /// So many rounds, or in the long run those that it asks for.
  package static func rounds(_ count: Int, long: Int) -> Range<Int> { 0..<(seconds == nil ? count : long) }

  /// So many rounds, or in the long run as many as its time allows.
  package static func rounds(_ count: Int) -> some Sequence<Int> {
    let deadline = seconds.map { Date(timeIntervalSinceNow: $0) }
    return (0..<(seconds == nil ? count : .max)).lazy.prefix { _ in deadline.map { Date() < $0 } ?? true }
  }
}
