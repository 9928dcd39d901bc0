import Diagnostics

/// The nodes of a workflow, loop or subgraph with every name looked up, in topological order; loops not yet unrolled.
struct BoundBody {
  var members: [BoundMember] = []
  /// Where wires leave the body: the `yield` of a loop, the `outputs` of a subgraph or workflow.
  var results: [BoundWire] = []
}

struct BoundMember {
  enum Content {
    case node(BoundNode)
    case loop(BoundLoop)
    case graph(BoundGraph)
    /// Could not be read, which has been reported.
    case broken
  }

  /// Index among the members of its body, by which wires find it.
  var slot: Int
  var name: String
  var content: Content
}

struct BoundNode {
  var declaration: NodeDeclaration
  /// One entry for each declared input.
  var inputs: [[BoundWire]]
  /// Whether the node is there; nil for always.
  var condition: BoundLiteral?
  var standIn: StandIn?
  /// Everything that no loop index changes.
  var parameters: NodeParameters
  /// The rest, by parameter name.
  var varying: [(name: String, value: BoundValue)]
  var cache: CachePolicy
  var location: SourceLocation
  var portLocations: [String: SourceLocation]
}

/// What stands in for a node's main output where the node is not there, or nothing comes into ports that need something.
final class StandIn {
  var wire = BoundWire.broken
  /// The ports into which nothing may come.
  private(set) var ports: Set<Int> = []

  /// Listens to what comes into a port.
  func watch(_ flow: WireFlow, into port: Int) {
    flow.listen { [self] item in if case .none = item { ports.insert(port) } }
  }
}

struct BoundLoop {
  /// Nil: 0.
  var from: BoundLiteral?
  var to: BoundLiteral
  /// Register of the index.
  var register: Int
  /// What iteration 0 gets.
  var carryStarts: [BoundWire]
  /// For each carried wire, the entry of the body's results that feeds it; nil after a reported problem.
  var carryResults: [Int?]
  /// For each of the body's results that are yielded, the carried wire of the same name.
  var resultCarries: [Int?]
  /// Where the rest of the body's results are named, which are collected.
  var collectLocations: [SourceLocation]
  var body: BoundBody
  var location: SourceLocation
}

struct BoundGraph {
  /// One entry for each declared input; nil where an optional one is left out.
  var inputs: [Input?]
  /// For each of them the input whose wire stands in when none comes.
  var standIns: [Int?]
  /// Params whose values a loop index changes, with the register that takes each.
  var varying: [(register: Int, value: BoundValue)]
  var body: BoundBody
  var location: SourceLocation

  struct Input {
    var wires: [BoundWire]
    var isList = false
  }
}

/// Where a wire comes from; `up` counts the loop bodies to leave.
enum BoundWire {
  case member(up: Int, slot: Int, output: Int)
  case carry(Int)
  case input(up: Int, index: Int)
  case address(BoundAddress)
  /// The start of a carry that has none.
  case none
  /// Could not be read, which has been reported.
  case broken
}

/// A way into loops and subgraphs that stand in the body where a wire is written, or in one around it.
final class BoundAddress {
  /// Loop bodies to leave first.
  let up: Int
  let steps: [WireReference.Step]
  let location: SourceLocation
  /// The output at the end; nil until it is found.
  var output: Int?

  init(up: Int, _ reference: WireReference) {
    self.up = up
    steps = reference.steps
    location = reference.location
  }
}
