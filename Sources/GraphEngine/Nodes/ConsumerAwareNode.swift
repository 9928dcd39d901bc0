/// A node type whose results depend on what takes them: a schedule is made for the method that steps along it.
///
/// The choice becomes a parameter, so that keys show it and nothing else needs to know of it.
package protocol ConsumerAwareNode: Node {
  /// Settles parameters by the types of the nodes that are wired to this one, in the whole workflow, each type once.
  ///
  /// Called before `resolve(_:)`.
  func resolve(_ parameters: inout NodeParameters, consumers: [any Node.Type])
}
