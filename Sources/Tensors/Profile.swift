import Foundation
import Synchronization

/// Where the time of a model's layers goes, by kind; counts only while on.
///
/// Meant for one model at a time: layers that run at once are not told apart.
package enum Profile {
  package enum Kind: String, Sendable, CaseIterable {
    case winograd = "3x3 convolution, Winograd"
    case convolution = "convolution, direct"
    case linear = "linear"
    case attention = "attention"
    case groupNorm = "group norm"
    case layerNorm = "layer norm"
    case other = "elementwise and layout"
  }

  /// What was counted for one kind.
  package struct Entry: Sendable {
    package var calls = 0
    package var seconds = 0.0
    /// Multiplications and additions of the layer by its definition, whatever the method.
    package var operations = 0.0
    /// Multiplications and additions in matrix products, by what their factors are.
    package var products: [Precision: Double] = [:]
    /// Bytes of activations read and written, and of weights read.
    package var bytes = 0.0
  }

  /// What a layer does, for its floor.
  struct Work {
    var operations = 0.0
    var products = 0.0
    var precision = Precision.f32
    var floats = 0

    /// As much again, so many times in all.
    static func * (work: Work, times: Int) -> Work {
      Work(
        operations: work.operations * Double(times), products: work.products * Double(times),
        precision: work.precision, floats: work.floats * times)
    }
  }

  private static let isOn = Atomic<Bool>(false)
  private static let entries = Mutex<[Kind: Entry]>([:])

  /// Starts to count, from nothing.
  package static func start() {
    entries.withLock { $0 = [:] }
    isOn.store(true, ordering: .relaxed)
  }

  /// Ends counting and returns what was counted.
  package static func stop() -> [Kind: Entry] {
    isOn.store(false, ordering: .relaxed)
    return entries.withLock { $0 }
  }

  /// Runs a layer.
  @inline(__always) static func measure<Result>(
    _ kind: Kind, _ work: @autoclosure () -> Work, _ body: () -> Result
  ) -> Result {
    guard isOn.load(ordering: .relaxed) else { return body() }
    let clock = ContinuousClock()
    let start = clock.now
    let result = body()
    record(kind, work(), seconds: (clock.now - start) / .seconds(1))
    return result
  }

  private static func record(_ kind: Kind, _ work: Work, seconds: Double) {
    entries.withLock { entries in
      var entry = entries[kind] ?? Entry()
      entry.calls += 1
      entry.seconds += seconds
      entry.operations += work.operations
      entry.products[work.precision, default: 0] += work.products
      entry.bytes += 4 * Double(work.floats)
      entries[kind] = entry
    }
  }
}
