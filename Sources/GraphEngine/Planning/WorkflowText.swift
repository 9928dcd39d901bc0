import Synchronization

/// The text of a workflow, written when it is first read: the ten thousand files of a large sweep's points take longer to
/// write than all else that planning does, and only what is run embeds one.
package final class WorkflowText: Sendable {
  private enum Content {
    case unwritten(@Sendable () -> String)
    case written(String)
  }

  private let content: Mutex<Content>
  private let known: Mutex<[CompanionText]?> = Mutex(nil)
  private let writeCompanions: @Sendable () -> [CompanionText]

  package init(
    companions: @escaping @Sendable () -> [CompanionText] = { [] }, _ write: @escaping @Sendable () -> String
  ) {
    content = Mutex(.unwritten(write))
    writeCompanions = companions
  }

  /// The same for other programs.
  package var companions: [CompanionText] {
    known.withLock { known in
      if let known { return known }
      let companions = writeCompanions()
      known = companions
      return companions
    }
  }

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

extension WorkflowText {
  /// `text` as a value of a workflow file that stands for itself, whatever is in it.
  package static func literal(_ text: String) -> String { Literal.escaped(text) }
}
