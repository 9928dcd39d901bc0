import Diagnostics

/// A workflow file, or a subgraph written inline, as it is written: nothing filled in, no name looked up.
///
/// What could not be read is nil and has been reported; its name is kept, so that uses of it are not reported again.
package struct WorkflowDocument: Sendable {
  var file: SourceFile
  var location: SourceLocation
  var description: String?
  var params: [ParamDocument] = []
  /// Wires that a calling file has to give; a file with required inputs is a subgraph only.
  var inputs: [SubgraphInputDocument] = []
  var members: [MemberDocument] = []
  var outputs: [NamedWire] = []
  var sweep: SweepDocument?
  /// What it was made with.
  var record: WorkflowRecord?
}

/// `{matrix: {PARAM: VALUES}, exclude: [{PARAM: ...}]}`.
struct SweepDocument {
  struct Axis {
    var name: Located<String>
    var values: Values
  }

  enum Values {
    /// As the command line takes them: `1..4`.
    case text(Located<String>)
    case list([LiteralBinding.Value])
  }

  /// One value for each of some params: points of the matrix to leave out.
  struct Exclusion {
    var values: [(name: Located<String>, value: LiteralBinding.Value)]
    var location: SourceLocation
  }

  var matrix: [Axis]
  var exclusions: [Exclusion]
}

/// An entry of `params`.
package struct ParamDocument: Sendable {
  package var name: Located<String>
  package var type: ValueType?
  /// Nil: a value must be given; names only params declared before this one.
  var defaultValue: LiteralBinding.Value?
  var min: Bound?
  var max: Bound?
  package var description: String?

  struct Bound {
    var value: Double
    /// As it is written.
    var text: String
  }
}

/// An entry of a subgraph's `inputs`.
package struct SubgraphInputDocument: Sendable {
  package var name: Located<String>
  package var type: Located<String>?
  /// Takes a list of wires: `type: [image]`.
  package var isList = false
  package var isOptional: Bool
  /// The input whose wire stands in when this one is left out.
  var standIn: Located<String>?
  /// What it was called before; calls may go on to call it so.
  var formerName: Located<String>?
  package var description: String?

  /// Whether nothing at all may come: it is optional, and no other input stands in.
  var mayBeNone: Bool { isOptional && standIn == nil }
}

/// An entry of `nodes`.
struct MemberDocument: Sendable {
  enum Content {
    case node(NodeDocument)
    case loop(LoopDocument)
    case graph(GraphDocument)
  }

  var name: Located<String>
  var description: String?
  var content: Content?
}

/// `{node: TYPE, if: CONDITION, in: {...}, with: {...}, else: WIRE, cache: POLICY}`.
struct NodeDocument {
  var type: Located<String>?
  var inputs: [InputBinding]
  var parameters: [LiteralBinding]
  /// Whether the node is there at all; nil for always.
  var condition: Literal?
  /// What stands in for the node where it is not there, or nothing comes into ports that need something.
  var standIn: WireReference?
  var cache: CachePolicy?
}

/// `{loop: {...}, carry: {...}, nodes: {...}, yield: {...}, collect: {...}}`.
struct LoopDocument: Sendable {
  /// Where `loop` is written.
  var location: SourceLocation
  var range: LoopRange?
  var index: Located<String>?
  var carry: [NamedWire]
  var members: [MemberDocument]
  /// What the next iteration gets, and what comes out after the last.
  var yields: [NamedWire]
  /// What comes out as a list, with one item of every iteration.
  var collects: [NamedWire]
}

enum LoopRange {
  case times(Literal)
  /// `to` is excluded.
  case between(from: Literal, to: Literal)
}

/// `{graph: FILE or {...}, in: {...}, with: {...}}`.
struct GraphDocument: Sendable {
  enum Source {
    case file(Literal)
    case inline(WorkflowDocument)
  }

  var id: DocumentID
  /// Where the file is named, or the inline document starts.
  var location: SourceLocation
  var source: Source
  var inputs: [InputBinding]
  var parameters: [LiteralBinding]
}

/// Tells literals and subgraph calls of all files apart.
struct DocumentID: Hashable {
  private let number: Int

  /// Numbers for the files of one workflow.
  final class Source {
    private var last = 0

    func next() -> DocumentID {
      last += 1
      return DocumentID(number: last)
    }
  }
}

/// An entry of `in`.
struct InputBinding {
  var name: Located<String>
  var wires: [WireReference]?
  /// Written as a list.
  var isList: Bool
  /// Where the wires are written.
  var location: SourceLocation
}

/// An entry of `with`.
struct LiteralBinding {
  enum Value {
    case one(Literal)
    /// A list with where it starts; what could not be read is left out, and reported.
    case list([Literal], SourceLocation)

    var literals: [Literal] {
      switch self {
      case .one(let literal): [literal]
      case .list(let literals, _): literals
      }
    }

    var location: SourceLocation {
      switch self {
      case .one(let literal): literal.location
      case .list(_, let location): location
      }
    }

    /// Every name inside its `$(...)`, in the order they are written.
    var names: [Located<String>] { literals.flatMap(\.names) }
  }

  var name: Located<String>
  var value: Value?
  /// A way out when the name is unknown because a comma cut a text in two.
  var hint: KeyHint?
}

/// An entry of `carry`, `yield`, `collect` or `outputs`.
struct NamedWire {
  var name: Located<String>
  var wire: WireReference?
}

/// Names that wires use for other things than nodes.
enum ReservedName {
  static let carry = "carry"
  static let inputs = "inputs"
  static let none = "none"
  static let all: Set = [carry, inputs, none]
}
