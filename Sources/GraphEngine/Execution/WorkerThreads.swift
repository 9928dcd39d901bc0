import Foundation
import Synchronization

/// Threads of their own for work that blocks or computes for long, which the cooperative pool must not do.
final class WorkerThreads: Sendable {
  typealias Job = @Sendable () -> Void

  /// One for all runs of the process: a node is parallel inside.
  static let compute = WorkerThreads("compute", count: 1)
  static let io = WorkerThreads("io", count: 2)
  /// Write results to the cache while the next nodes run; they wait for the disk, which flushes many files in the time
  /// of one.
  static let store = WorkerThreads("store", count: 8)

  private let jobs = Mutex<[Job]>([])
  private let available = DispatchSemaphore(value: 0)

  private init(_ name: String, count: Int) {
    for _ in 0..<count {
      let thread = Thread { [self] in work() }
      thread.name = name
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  func submit(_ job: @escaping Job) {
    jobs.withLock { $0.append(job) }
    available.signal()
  }

  private func work() {
    while true {
      available.wait()
      let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      job?()
    }
  }
}
