/// Which results are worth their place on disk: those that take longer to get again by computing than by reading.
///
/// The price of a result is the time to read and check it where it is kept, and elsewhere the time to compute it and the
/// prices of its inputs. A result is kept once computing it again would cost more than reading it. So a chain of quick
/// nodes is kept now and then, and no value is ever further away than about the time of reading it: work on a graph can
/// go on from any node, whatever was kept. Small results and those that need a model are kept in any case.
package struct KeepingPolicy {
  /// Results up to this size cost next to nothing to keep.
  package static let smallSize = 1 << 20
  /// What opening, reading and hashing files costs: measured on a warm cache, `stepgraph cache bench`.
  private static let secondsPerResult = 2e-4
  private static let secondsPerByte = 1.5e-9

  /// Seconds by node, of those that are no handles and were looked at.
  private var prices: [Int: Double] = [:]
  private var unkept: Set<Int> = []

  package init() {}

  /// Notes that a node's results were read.
  package mutating func noteRead(_ node: Int, bytes: Int) { prices[node] = Self.readingPrice(bytes) }

  /// Whether to keep what a node put out after some seconds of computing.
  package mutating func isWorthKeeping(_ node: Int, bytes: Int, seconds: Double, inputs: some Sequence<Int>) -> Bool {
    let reading = Self.readingPrice(bytes)
    let computing = inputs.reduce(seconds) { $0 + (prices[$1] ?? .infinity) }
    let isWorth = bytes <= Self.smallSize || computing > reading
    prices[node] = isWorth ? reading : computing
    if !isWorth { unkept.insert(node) }
    return isWorth
  }

  /// Whether a node was looked at and found not worth keeping.
  package func isUnkept(_ node: Int) -> Bool { unkept.contains(node) }

  package static func readingPrice(_ bytes: Int) -> Double { secondsPerResult + secondsPerByte * Double(bytes) }
}
