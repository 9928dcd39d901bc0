import Foundation

/// How long the tests that never tire go on: a few rounds, or what `make soak` asks for.
enum Soak {
  /// Seconds for each test; nil in the usual run.
  static let seconds = ProcessInfo.processInfo.environment["STEPGRAPH_SOAK"].flatMap { Double($0) }

  /// Goes round as often as it is told, or as the long run asks for, or until its time is over.
  static func rounds(_ count: Int, long: Int = .max) -> some Sequence<Int> {
    let deadline = seconds.map { Date(timeIntervalSinceNow: $0) }
    let count = seconds == nil ? count : long
    return (0..<count).lazy.prefix { _ in deadline.map { Date() < $0 } ?? true }
  }
}
