/// A workflow that is being put together: nodes by number, names given at the end.
struct WorkflowSketch {
  var nodes: [SketchNode] = []
  var params: [SketchParam] = []
  private var places: [ParamKey: Int] = [:]

  private struct ParamKey: Hashable {
    let name: String
    let standard: SketchValue
  }

  /// Adds a node; gives its number.
  mutating func add(_ node: SketchNode) -> Int {
    nodes.append(node)
    return nodes.count - 1
  }

  /// A param with this default: one of the name that has it, or a new one, whose name may get a number.
  mutating func param(_ name: String, _ type: SketchParam.Kind, default value: SketchValue, min: String? = nil)
    -> SketchValue
  {
    let key = ParamKey(name: name, standard: value)
    if let known = places[key] { return .param(known) }
    places[key] = params.count
    params.append(SketchParam(name: name, type: type, standard: value, min: min))
    return .param(params.count - 1)
  }
}

struct SketchParam {
  enum Kind: String { case string, int, float, path }

  var name: String
  var type: Kind
  /// Nil for one that calls always give.
  var standard: SketchValue?
  var min: String?
}

struct SketchNode {
  enum Kind: Hashable {
    /// A node of a type.
    case node(String)
    /// A call of a graph that is part of the program, such as `samplers/comfyui/euler.yaml`.
    case graph(String)
    /// A call of a file beside the workflow's.
    case file(String)
  }

  var kind: Kind
  var name: String
  /// What it comes from.
  var origin: ComfyNode
  var inputs: [(name: String, wires: [SketchWire], isList: Bool)] = []
  var values: [(name: String, value: SketchValue)] = []
  /// Whether it writes a file.
  var isSink = false

  func wire(_ input: String) -> SketchWire? { inputs.first { $0.name == input }?.wires.first }

  func value(_ name: String) -> SketchValue? { values.first { $0.name == name }?.value }
}

/// An output of a node.
struct SketchWire: Hashable {
  var node: Int
  /// Nil for the only one.
  var port: String?

  init(_ node: Int, _ port: String? = nil) { (self.node, self.port) = (node, port) }
}

/// A value of a node's parameter, or of a param.
indirect enum SketchValue: Hashable {
  case text(String)
  /// A number or a truth value as it is written.
  case plain(String)
  case list([SketchValue])
  /// By its number.
  case param(Int)
  /// An expression of pieces, with or without params.
  case expression([SketchValue])

  static func integer(_ number: Int) -> SketchValue { .plain("\(number)") }

  var params: [Int] {
    switch self {
    case .text, .plain: []
    case .list(let values), .expression(let values): values.flatMap(\.params)
    case .param(let index): [index]
    }
  }
}
