import Diagnostics

/// A wire of a workflow whose value someone asks for who is not part of it.
package struct ObservedWire: Sendable {
  /// What the value is called among the graph's outputs.
  package let name: String
  let wire: WireReference

  /// Nil when `text` is no wire; what is wrong with one is told at `location`.
  package init?(_ text: String, as name: String, at location: SourceLocation) {
    guard let wire = WireReference(text, at: location) else { return nil }
    self.name = name
    self.wire = wire
  }

  var output: NamedWire { NamedWire(name: Located(name, at: wire.location), wire: wire) }
}
