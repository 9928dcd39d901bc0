import Foundation
import Glibc
import GraphEngine

/// A message as it came.
package struct RawMessage: Sendable {
  package let data: Data

  package init(_ data: Data) { self.data = data }
}

/// What waits for the server, filled by the threads that read and look ahead.
package final class EventQueue: @unchecked Sendable {
  private let condition = NSCondition()
  /// In seconds: a keystroke's request comes with it, and is answered before the problems are looked for.
  private static let moment = 0.001
  /// Guarded by `condition`.
  private var events: [ServerEvent] = []

  package init() {}

  package func post(_ event: ServerEvent) {
    condition.lock()
    events.append(event)
    condition.signal()
    condition.unlock()
  }

  /// All that waits; with `waits`, once there is something, else after a moment at the latest.
  package func take(waits: Bool) -> [ServerEvent] {
    condition.lock()
    defer { condition.unlock() }
    while waits, events.isEmpty { condition.wait() }
    if events.isEmpty { _ = condition.wait(until: Date(timeIntervalSinceNow: Self.moment)) }
    defer { events = [] }
    return events
  }
}

/// Serves a client over two open files until it says goodbye or is gone.
package struct ServerLoop {
  private let queue: EventQueue
  private let output: Int32

  /// - Parameters:
  ///   - input: what the client writes to.
  ///   - output: what it reads.
  package init(input: Int32, output: Int32, queue: EventQueue = EventQueue()) {
    self.queue = queue
    self.output = output
    let thread = Thread { Self.read(input, into: queue) }
    thread.stackSize = 1 << 20
    thread.start()
  }

  /// Gives the exit code.
  package func run(
    _ makeServer: (_ post: @escaping @Sendable (ServerEvent) -> Void, _ write: @escaping (Data) -> Void) ->
      LanguageServer
  ) -> Int32 {
    let server = makeServer({ [queue] in queue.post($0) }, { [output] in Self.write($0.framed, to: output) })
    while true {
      let events = queue.take(waits: !server.isUnsettled)
      if events.isEmpty {
        server.settle()
        continue
      }
      let cancelled = Set(events.compactMap(\.cancelledRequest))
      for event in events {
        if case .message(let message) = event, !cancelled.isEmpty, let id = message.requestID, cancelled.contains(id) {
          server.cancel(id)
          continue
        }
        server.handle(event)
        if let code = server.exitCode { return code }
      }
    }
  }

  private static func read(_ input: Int32, into queue: EventQueue) {
    var reader = MessageReader()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(input, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      reader.append(buffer[..<count])
      do {
        while let message = try reader.next() { queue.post(.message(RawMessage(message))) }
      } catch {
        break
      }
    }
    queue.post(.end)
  }

  private static func write(_ data: Data, to output: Int32) {
    data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(output, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        done += count
      }
    }
  }
}

extension RawMessage {
  fileprivate var requestID: RequestID? {
    guard let head = try? JSONDecoder().decode(MessageHead.self, from: data), head.method != nil else { return nil }
    return head.id
  }
}

extension ServerEvent {
  /// The request that a client has no more use for.
  fileprivate var cancelledRequest: RequestID? {
    struct Cancelled: Decodable { let id: RequestID }
    guard case .message(let message) = self, message.data.range(of: Data("$/cancelRequest".utf8)) != nil,
      let head = try? JSONDecoder().decode(MessageHead.self, from: message.data), head.method == "$/cancelRequest"
    else { return nil }
    return try? JSONDecoder().decode(MessageParameters<Cancelled>.self, from: message.data).params.id
  }
}
