/// What becomes of a file that another workflow wrote, where a sink is to write one of its own.
package struct FilesOfOthers: Sendable {
  /// Whether it stays as it is, and the sink fails, or is replaced with a warning.
  package let areKept: Bool
  /// Files that are nobody else's, whatever they say: those that earlier runs of a session wrote, whose graph has changed since.
  package let exceptions: Set<String>

  package init(areKept: Bool = false, exceptions: Set<String> = []) {
    (self.areKept, self.exceptions) = (areKept, exceptions)
  }
}
