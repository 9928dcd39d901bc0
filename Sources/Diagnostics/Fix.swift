/// A change of a file that mends a problem, for editors to offer.
package struct Fix: Sendable {
  package enum Change: Sendable {
    /// Other text in place of `old`, which stands at the fix's location or behind the quote there.
    case replace(old: String, new: String)
    /// The entry of a mapping whose key stands at the fix's location goes into the mapping under another key beside it,
    /// from `with` to `in`.
    case move(toKey: String)
  }

  package let location: SourceLocation
  package let change: Change

  package init(_ change: Change, at location: SourceLocation) { (self.change, self.location) = (change, location) }

  /// Nil where no name is near.
  package init?(replacing old: String, by new: String?, at location: SourceLocation) {
    guard let new else { return nil }
    self.init(.replace(old: old, new: new), at: location)
  }
}
