import Diagnostics

/// What the wires and `$(...)` of one body can name while it is bound.
final class BodyScope {
  /// The body around a loop's body; nil for a workflow or subgraph, which see nothing outside.
  let parent: BodyScope?
  /// Params and loop indices by name.
  let values: [String: NamedValue]
  /// Carried wires of the loop that this is the body of; nil when it is none.
  let carry: [Port]?
  /// Inputs of the subgraph that this is the body of; nil when it is none.
  let inputs: [Port]?

  /// Members by name, and what each shows to others.
  private(set) var slots: [String: Int] = [:]
  private(set) var members: [Member] = []
  /// The member now being bound, which depends on what its wires name; nil while the body's results are bound.
  var current: Int?
  /// By member: the members its wires come from, and where the wires are written.
  private(set) var dependencies: [[Dependency]] = []
  private(set) var usedCarries: Set<Int> = []

  struct Port {
    var name: String
    var flow: WireFlow
  }

  struct Member {
    var name: Located<String>
    var kind: Kind
    /// Nil when they are not known, which has been reported.
    var outputs: [Port]?

    enum Kind { case node, loop, graph }
  }

  struct Dependency {
    var slot: Int
    var location: SourceLocation
  }

  init(parent: BodyScope?, values: [String: NamedValue], carry: [Port]? = nil, inputs: [Port]? = nil) {
    self.parent = parent
    self.values = values
    self.carry = carry
    self.inputs = inputs
  }

  func declare(_ member: Member) {
    slots[member.name.value] = members.count
    members.append(member)
    dependencies.append([])
  }

  /// The member called `name` in this body or one around it.
  func find(_ name: String) -> (up: Int, slot: Int, scope: BodyScope)? {
    var up = 0
    var scope: BodyScope? = self
    while let body = scope {
      if let slot = body.slots[name] { return (up, slot, body) }
      up += 1
      scope = body.parent
    }
    return nil
  }

  /// The body of the workflow or subgraph around.
  var outermost: (up: Int, scope: BodyScope) {
    var up = 0
    var scope = self
    while let parent = scope.parent {
      up += 1
      scope = parent
    }
    return (up, scope)
  }

  func noteDependency(on slot: Int, at location: SourceLocation) {
    guard let current else { return }
    dependencies[current].append(Dependency(slot: slot, location: location))
  }

  func noteUse(ofCarry index: Int) { usedCarries.insert(index) }

  /// Every node name that a wire here could use.
  var visibleNames: [String] { members.map(\.name.value) + (parent?.visibleNames ?? []) }
}
