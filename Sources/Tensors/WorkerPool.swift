import Glibc
import Synchronization

/// Threads that help with the work of others, started when first needed and kept.
///
/// They have the priority of the process, unlike those of dispatch queues.
final class WorkerPool: @unchecked Sendable {
  static let shared = WorkerPool()

  /// Work that several threads do at once.
  private final class Job {
    let run: () -> Void
    /// Helpers that may still join, and those at work.
    var wanted: Int
    var active = 0

    init(helpers: Int, run: @escaping () -> Void) { (wanted, self.run) = (helpers, run) }
  }

  /// Something that threads wait for with the mutex held.
  ///
  /// They look out for it for a moment before they sleep: to be woken takes as long as a small layer.
  private final class Event {
    private let count = Atomic<Int>(0)
    private var sleepers = 0
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Far more than what lies between two layers.
    private static let wakefulness = Duration.microseconds(100)

    init() { pthread_cond_init(condition, nil) }

    /// Lets those that wait go on, of those that sleep up to `most`.
    func announce(to most: Int) {
      count.wrappingAdd(1, ordering: .releasing)
      for _ in 0..<min(most, sleepers) { pthread_cond_signal(condition) }
    }

    /// Returns after an announcement, or without one.
    func wait(_ mutex: UnsafeMutablePointer<pthread_mutex_t>) {
      let before = count.load(ordering: .acquiring)
      pthread_mutex_unlock(mutex)
      let end = ContinuousClock.now + Self.wakefulness
      while count.load(ordering: .acquiring) == before, ContinuousClock.now < end { sched_yield() }
      pthread_mutex_lock(mutex)
      guard count.load(ordering: .acquiring) == before else { return }
      sleepers += 1
      pthread_cond_wait(condition, mutex)
      sleepers -= 1
    }
  }

  /// Guards the rest; never freed, for the threads never end.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  /// A job comes, and the last helper leaves one.
  private let arrival = Event()
  private let departure = Event()
  private var jobs: [Job] = []
  private var threadCount = 0

  private init() { pthread_mutex_init(mutex, nil) }

  /// Runs `body` on this thread and on up to `helpers` others at once; returns when all have ended.
  func run(helpers: Int, _ body: () -> Void) {
    withoutActuallyEscaping(body) { body in
      let job = Job(helpers: helpers, run: body)
      pthread_mutex_lock(mutex)
      while threadCount < helpers, startThread() {}
      jobs.append(job)
      arrival.announce(to: helpers)
      pthread_mutex_unlock(mutex)
      body()
      pthread_mutex_lock(mutex)
      jobs.removeAll { $0 === job }
      while job.active > 0 { departure.wait(mutex) }
      pthread_mutex_unlock(mutex)
    }
  }

  /// Whether a thread could be started; those who give work do all of it if none can.
  private func startThread() -> Bool {
    var thread = pthread_t()
    let result = pthread_create(&thread, nil, { _ in WorkerPool.shared.help() }, nil)
    guard result == 0 else { return false }
    pthread_detach(thread)
    threadCount += 1
    return true
  }

  private func help() -> Never {
    pthread_mutex_lock(mutex)
    while true {
      guard let job = jobs.first(where: { $0.wanted > 0 }) else {
        arrival.wait(mutex)
        continue
      }
      job.wanted -= 1
      job.active += 1
      pthread_mutex_unlock(mutex)
      job.run()
      pthread_mutex_lock(mutex)
      job.active -= 1
      if job.active == 0 { departure.announce(to: .max) }
    }
  }
}
