import Glibc

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

  /// Guards the rest; never freed, for the threads never end.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  /// Signalled when a job comes, and when a helper leaves one.
  private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let departure = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [Job] = []
  private var threadCount = 0

  private init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(arrival, nil)
    pthread_cond_init(departure, nil)
  }

  /// Runs `body` on this thread and on up to `helpers` others at once; returns when all have ended.
  func run(helpers: Int, _ body: () -> Void) {
    withoutActuallyEscaping(body) { body in
      let job = Job(helpers: helpers, run: body)
      pthread_mutex_lock(mutex)
      while threadCount < helpers, startThread() {}
      jobs.append(job)
      for _ in 0..<helpers { pthread_cond_signal(arrival) }
      pthread_mutex_unlock(mutex)
      body()
      pthread_mutex_lock(mutex)
      jobs.removeAll { $0 === job }
      while job.active > 0 { pthread_cond_wait(departure, mutex) }
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
        pthread_cond_wait(arrival, mutex)
        continue
      }
      job.wanted -= 1
      job.active += 1
      pthread_mutex_unlock(mutex)
      job.run()
      pthread_mutex_lock(mutex)
      job.active -= 1
      if job.active == 0 { pthread_cond_broadcast(departure) }
    }
  }
}
