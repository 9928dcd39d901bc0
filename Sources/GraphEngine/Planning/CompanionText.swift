/// A text that a sink writes beside the workflow, for other programs.
package struct CompanionText: Sendable, Hashable {
  /// What the other program finds it by.
  package let keyword: String
  package let text: String

  package init(keyword: String, text: String) { (self.keyword, self.text) = (keyword, text) }
}

/// Says in other words what a workflow does: the engine knows no other program.
///
/// The range is that of a sweep's point, nil for all nodes.
package typealias CompanionWriter = @Sendable (_ nodes: Range<Int>?) -> [CompanionText]
