import Diagnostics
import GraphEngine

/// Knows what runs of workflows did and would do, which takes a cache, models and their nodes.
///
/// What takes time is done on a thread of its own and told as an event.
package protocol RunAdviser: Sendable {
  /// Makes a folder the one that paths are relative to.
  func enter(_ folder: String)

  /// Looks ahead at a run of the workflow as it is read by `readFile`; of several that wait the last counts.
  func forecast(
    of path: String, readFile: @escaping WorkflowLoader.ReadFile, post: @escaping @Sendable (ServerEvent) -> Void)

  /// Tells why a node would run.
  func explain(
    _ address: String, of path: String, readFile: @escaping WorkflowLoader.ReadFile,
    post: @escaping @Sendable (ServerEvent) -> Void)

  /// Runs the workflow as it is on the disk.
  func run(_ path: String, post: @escaping @Sendable (ServerEvent) -> Void)
}

/// What comes to the server, one after the other.
package enum ServerEvent: Sendable {
  /// A message of the client.
  case message(RawMessage)
  /// Nil where no run can be looked at, as the workflow is broken.
  case forecast(path: String, RunForecast?)
  /// Something to show to the person; the run of a workflow may have changed what a run would do.
  case told(String, isError: Bool, ran: String?)
  /// The client is gone.
  case end
}

/// What a run of a workflow would do.
package struct RunForecast: Sendable {
  /// Of a node, all its iterations and points taken together.
  package struct Part: Sendable {
    package var runCount = 0
    package var hitCount = 0
    package var count = 0
    /// How long what runs should take; nil when that is not known.
    package var seconds: Double? = 0
    /// Why the first of them does what it does.
    package var reason = ""
    /// An address in a run, such as `sample[0]/next`.
    package var address = ""
    /// How long it took when it was executed last.
    package var lastSeconds: Double?
    /// Where its results came from in the last run, such as `executed` or `disk`.
    package var lastSource: String?

    package init() {}
  }

  /// By address without iterations; those of loops and calls too.
  package let parts: [String: Part]
  /// All nodes of the run.
  package let whole: Part
  /// A small PNG of what a node put out, where the cache holds it.
  package let picture: @Sendable (_ place: String) -> [UInt8]?

  package init(parts: [String: Part], whole: Part, picture: @escaping @Sendable (_ place: String) -> [UInt8]?) {
    (self.parts, self.whole, self.picture) = (parts, whole, picture)
  }
}
