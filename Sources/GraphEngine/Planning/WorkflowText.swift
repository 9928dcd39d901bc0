import Synchronization

/// The text of a workflow, written when it is first read: the ten thousand files of a large sweep's points take longer to
/// write than all else that planning does, and only what is run embeds one.
package final class WorkflowText: Sendable {
  private enum Content {
    case unwritten(@Sendable () -> String)
    case written(String)
  }

  private let content: Mutex<Content>

  package init(_ write: @escaping @Sendable () -> String) { content = Mutex(.unwritten(write)) }

  package convenience init(_ text: String) { self.init { text } }

  package var text: String {
    content.withLock { content in
      switch content {
      case .written(let text): return text
      case .unwritten(let write):
        let text = write()
        content = .written(text)
        return text
      }
    }
  }
}
