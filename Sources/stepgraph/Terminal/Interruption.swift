import Dispatch
import Foundation

/// Cancels `body` at the first Ctrl-C, which then ends cleanly; a second one ends the process at once.
func interruptible<Result: Sendable>(
  _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let task = Task { try await body() }
  signal(SIGINT, SIG_IGN)
  let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
  source.setEventHandler {
    task.cancel()
    signal(SIGINT, SIG_DFL)
  }
  source.resume()
  defer { source.cancel() }
  return try await task.value
}
