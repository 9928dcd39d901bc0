/// Looks at the results of a run as they come, without a part in it: nothing waits for a watcher, and no key knows of it.
package protocol RunWatcher: Sendable {
  /// Told on the run's own threads when a node's results are there, so what takes long is done elsewhere.
  ///
  /// `outputs` are in declared order, nil where nothing needs them; `tell` sends an event, until the run ends.
  func finished(_ node: ResolvedNode, outputs: [(any WireValue)?], tell: @escaping EventSink)

  /// Called once before the run ends: what is under way is brought to its end, or given up when the run `isCancelled`.
  func settle(isCancelled: Bool)
}
