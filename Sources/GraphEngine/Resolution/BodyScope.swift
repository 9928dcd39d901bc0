import Diagnostics

/// What the wires and `$(...)` of one body can name while it is bound.
package final class BodyScope {
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
  /// The member of the parent that this is the body of.
  let slotInParent: Int?
  /// The member now being bound, which depends on what its wires name; nil while the body's results are bound.
  var current: Int?
  /// By member: the members its wires come from, and where the wires are written.
  private(set) var dependencies: [[Dependency]] = []
  private(set) var usedCarries: Set<Int> = []
  /// What is left to do once every member is bound; nil from then on.
  private var whenBound: [() -> Void]? = []

  struct Port {
    var name: String
    var flow: WireFlow
    /// For what a loop collects: one item of it.
    var item: WireFlow?
    /// For what a loop yields and does not carry: what iterations before the last yield is lost.
    var isLastAlone = false
    /// Whether wires that name its node alone mean another one.
    var isAside = false
    /// Where a file defines it; nil for what a node type has.
    var definition: SourceLocation?
    /// For an output of a node.
    var output: OutputDeclaration?
    /// For an input of a subgraph.
    var input: SubgraphInputDocument?
  }

  struct Member {
    var name: Located<String>
    var kind: Kind
    /// Nil when they are not known, which has been reported.
    var outputs: [Port]?
    /// The body of a loop or subgraph, once it is bound.
    var inner: BodyScope?

    enum Kind { case node, loop, graph }
  }

  struct Dependency {
    var slot: Int
    var location: SourceLocation
  }

  init(parent: BodyScope?, values: [String: NamedValue], carry: [Port]? = nil, inputs: [Port]? = nil) {
    self.parent = parent
    slotInParent = parent?.current
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

  /// Notes the body of the loop or subgraph that is being bound.
  func noteInner(_ scope: BodyScope) {
    if let current { members[current].inner = scope }
  }

  /// Does `action` once every member is bound, at once if they are.
  func onceBound(_ action: @escaping () -> Void) {
    if whenBound == nil { action() } else { whenBound?.append(action) }
  }

  func noteBound() {
    let actions = whenBound ?? []
    whenBound = nil
    for action in actions { action() }
  }

  /// Lets go of the bodies inside, which hold on to this one.
  func close() { for slot in members.indices { members[slot].inner = nil } }

  /// Every node name that a wire here could use.
  var visibleNames: [String] { members.map(\.name.value) + (parent?.visibleNames ?? []) }
}
