import Diagnostics
import Foundation
import GraphEngine
import Synchronization

/// Shows how far a run is: a line that is drawn over on a terminal, now and then a line of its own elsewhere.
final class ProgressDisplay: Sendable {
  private struct State {
    var estimate: RemainingTime
    var running: [String] = []
    var lastDrawn = ContinuousClock.now
    var isLineDrawn = false
    var isFinished = false
  }

  private let state: Mutex<State>
  private let isTerminal: Bool

  /// How long to wait between lines where nothing can be drawn over.
  private static let pauseBetweenLines = Duration.seconds(5)

  init(plan: Plan, expected: [Double?]) {
    state = Mutex(State(estimate: RemainingTime(plan: plan, expected: expected)))
    isTerminal = Terminal.drawsProgress
    guard isTerminal else { return }
    // Long nodes send no events; the time left runs down all the same.
    Task.detached { [weak self] in
      while self?.redraw() == true { try? await Task.sleep(for: .milliseconds(100)) }
    }
  }

  func handle(_ event: RunEvent) {
    state.withLock { state in
      switch event {
      case .started(let node, let type, _):
        state.running.append(node)
        state.estimate.start(type)
      case .finished(let node, let type, let source, let seconds, _):
        state.running.removeAll { $0 == node }
        if source == .executed { state.estimate.finish(type, seconds: seconds) }
      default: return
      }
      let now = ContinuousClock.now
      if !isTerminal, now - state.lastDrawn >= Self.pauseBetweenLines {
        state.lastDrawn = now
        Terminal.writeError(text(state) + "\n")
      }
    }
  }

  /// Makes room for other output, which is then written by `body`.
  func pause(_ body: () -> Void) {
    state.withLock { state in
      clear(&state)
      body()
    }
  }

  /// Removes the line for good.
  func finish() {
    state.withLock { state in
      state.isFinished = true
      clear(&state)
    }
  }

  /// False once there is nothing more to show.
  private func redraw() -> Bool {
    state.withLock { state in
      if state.isFinished { return false }
      Terminal.writeError("\r\u{1B}[2K" + text(state, width: Terminal.width - 1))
      state.isLineDrawn = true
      return true
    }
  }

  private func clear(_ state: inout State) {
    if state.isLineDrawn { Terminal.writeError("\r\u{1B}[2K") }
    state.isLineDrawn = false
  }

  /// Such as `[#######-------] 31/62  sample[10]/eps_u and 2 more  1.2 s left`.
  ///
  /// Where that is too long, what runs is cut, and then the bar left out: counts and the time left stay.
  private func text(_ state: State, width: Int = .max) -> String {
    let (finished, total) = (state.estimate.finished, state.estimate.total)
    let count = "\(finished)/\(total)"
    let left = state.estimate.seconds.map { "  \(durationText($0)) left" } ?? ""
    var bar = ""
    if isTerminal {
      let width = 20
      let filled = total == 0 ? width : width * finished / total
      bar = "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: width - filled))] "
    }
    if bar.count + count.count + left.count > width { bar = "" }
    let fixed = bar.count + count.count + left.count
    var running = ""
    if let first = state.running.first {
      let more = state.running.count > 1 ? " and \(state.running.count - 1) more" : ""
      let room = max(0, width - fixed - 2)
      if first.count + more.count <= room {
        running = "  \(first)\(more)"
      } else if room > more.count + 4 {
        running = "  \(first.prefix(room - more.count - 1))…\(more)"
      }
    }
    return String((bar + count + running + left).prefix(width))
  }
}

/// How long the rest of a run takes, from what nodes of each type took so far, and before that from earlier runs.
struct RemainingTime {
  private struct Kind {
    var remaining = 0
    var finished = 0
    var seconds = 0.0
    /// How many of this type run now, and since when.
    var running = 0
    var start = ContinuousClock.now

    /// The mean of what earlier runs let expect, where they do for all.
    var prior: Double?

    /// Nil until one of this type has finished, unless it is known from earlier runs.
    var expected: Double? {
      guard let mean = finished == 0 ? prior : seconds / Double(finished) else { return nil }
      let elapsed = running > 0 ? start.duration(to: .now) / .seconds(1) : 0
      return Double(remaining) * mean - min(elapsed, Double(running) * mean)
    }
  }

  private var kinds: [String: Kind] = [:]
  private(set) var finished = 0
  let total: Int

  /// `expected` has the seconds that each node should take, where that is known.
  init(plan: Plan, expected: [Double?]) {
    var total = 0
    var priors: [String: [Double?]] = [:]
    for (index, node) in plan.graph.nodes.enumerated() where plan.nodes[index].action == .run {
      kinds[node.declaration.info.type, default: Kind()].remaining += 1
      priors[node.declaration.info.type, default: []].append(expected[index])
      total += 1
    }
    self.total = total
    for (type, seconds) in priors {
      let known = seconds.compactMap(\.self)
      if known.count == seconds.count { kinds[type]?.prior = known.reduce(0, +) / Double(known.count) }
    }
  }

  mutating func start(_ type: String) {
    kinds[type]?.running += 1
    kinds[type]?.start = .now
  }

  mutating func finish(_ type: String, seconds: Double) {
    kinds[type]?.remaining -= 1
    kinds[type]?.finished += 1
    kinds[type]?.seconds += seconds
    kinds[type]?.running -= 1
    finished += 1
  }

  /// Nil until something is known.
  var seconds: Double? {
    guard
      kinds.values.contains(where: { $0.finished > 0 && $0.seconds > 0.01 })
        || kinds.values.allSatisfy({ $0.expected != nil })
    else { return nil }
    return kinds.values.reduce(0) { $0 + max(0, $1.expected ?? 0) }
  }
}
