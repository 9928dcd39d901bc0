import Synchronization

/// Messages from worker threads to the one task that waits for them; cancelling that task loses none.
final class Mailbox<Message: Sendable>: Sendable {
  private struct State {
    var messages: [Message] = []
    var receiver: CheckedContinuation<Message, Never>?
  }

  private let state = Mutex(State())

  func send(_ message: Message) {
    let receiver = state.withLock { state in
      guard let receiver = state.receiver.take() else {
        state.messages.append(message)
        return nil as CheckedContinuation<Message, Never>?
      }
      return receiver
    }
    receiver?.resume(returning: message)
  }

  /// The next message that has come already.
  func poll() -> Message? { state.withLock { $0.messages.isEmpty ? nil : $0.messages.removeFirst() } }

  /// Waits for the next message; one task at a time may.
  func receive() async -> Message {
    await withCheckedContinuation { continuation in
      let message = state.withLock { state -> Message? in
        if state.messages.isEmpty {
          state.receiver = continuation
          return nil
        }
        return state.messages.removeFirst()
      }
      if let message { continuation.resume(returning: message) }
    }
  }
}
