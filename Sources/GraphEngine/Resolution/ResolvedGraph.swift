import Diagnostics

/// A workflow with its parameters filled in, its loops unrolled and its subgraphs inlined, checked and ready to plan.
package struct ResolvedGraph: Sendable {
  /// In topological order: a node's inputs come from nodes of lower index.
  package var nodes: [ResolvedNode]
  /// Nodes whose results the user asked for, as indices into `nodes`.
  package var targets: [Int]
  /// The workflow's `outputs` by name.
  package var outputs: [String: WireSource]
  /// One self-contained workflow file: parameters resolved, subgraphs inlined, no absolute paths.
  ///
  /// Model digests are added by the planner, which knows them. Empty for a sweep that no one file can describe.
  package var workflow: String { workflowText.text }
  var workflowText: WorkflowText
  /// The workflow file's path as the user gave it.
  package var path: String
  /// The workflow file; nil for a graph that was made without one.
  var file: SourceFile?
  /// The workflow's params in the order of the file, with the values they have in this run; not those that a sweep changes.
  package var parameters: [ResolvedParameter]
  /// What is swept; empty without a sweep.
  package var axes: [SweptParameter] = []
  /// The points of the sweep, in the order of their nodes; empty without a sweep.
  package var points: [SweepPoint] = []
  /// What the workflow says it was made with; nil when it says nothing.
  package var record: WorkflowRecord?
  /// Writes what sinks add for other programs.
  package var companions: CompanionWriter = { _ in [] }
  /// What the user should know though nothing is wrong.
  package var warnings: [Diagnostic]

  package init(
    nodes: [ResolvedNode], targets: [Int], outputs: [String: WireSource] = [:], workflow: String = "",
    path: String = "", parameters: [ResolvedParameter] = [], warnings: [Diagnostic] = []
  ) {
    self.nodes = nodes
    self.targets = targets
    self.outputs = outputs
    workflowText = WorkflowText(workflow)
    self.path = path
    self.parameters = parameters
    self.warnings = warnings
  }
}

/// A param that a sweep gives several values.
package struct SweptParameter: Sendable {
  package let name: String
  /// The values as a workflow file would write them.
  package let texts: [String]
  /// Whether some were drawn for `random`.
  package let isDrawn: Bool
}

/// The part of a graph that belongs to one point of a sweep.
package struct SweepPoint: Sendable {
  /// Such as `seed=1,cfg=5`, with which the addresses of its nodes begin.
  package var address: String
  /// Indices into `ResolvedGraph.nodes`.
  package var nodes: Range<Int>
  package var parameters: [ResolvedParameter]
  /// As `ResolvedGraph.workflow`, of this point alone.
  package var workflow: String { workflowText.text }
  var workflowText: WorkflowText

  package init(address: String, nodes: Range<Int>, parameters: [ResolvedParameter], workflow: WorkflowText) {
    (self.address, self.nodes, self.parameters, workflowText) = (address, nodes, parameters, workflow)
  }
}

extension ResolvedGraph {
  /// The workflow that a node's results embed: its point's, or the whole one.
  package func workflow(of node: Int) -> WorkflowText {
    var (low, high) = (0, points.count)
    while low < high {
      let middle = (low + high) / 2
      if points[middle].nodes.upperBound <= node { low = middle + 1 } else { high = middle }
    }
    return low < points.count ? points[low].workflowText : workflowText
  }
}

/// An output port of a node of the same graph.
package struct WireSource: Sendable, Hashable {
  /// Index into `ResolvedGraph.nodes`.
  package var node: Int
  /// Index into the node's declared outputs.
  package var output: Int

  package init(node: Int, output: Int) {
    self.node = node
    self.output = output
  }
}

/// One node to execute.
package struct ResolvedNode: Sendable {
  /// Where the node is in the workflow, such as `sample[7]/eps_p`.
  package var address: String
  package var declaration: NodeDeclaration
  /// One entry for each declared input, in its order: the wires into it (none where an optional port is left out).
  package var inputs: [[WireSource]]
  /// Every declared parameter, defaults filled in.
  package var parameters: NodeParameters
  package var cache: CachePolicy
  /// Where the node is written.
  package var location: SourceLocation
  /// Where its inputs and parameters are written, by port name; ports left to their defaults are absent.
  package var portLocations: [String: SourceLocation]
  /// What the workflow calls paths that were found elsewhere, by parameter.
  package var namedPaths: [String: String] = [:]

  package init(
    address: String, declaration: NodeDeclaration, inputs: [[WireSource]], parameters: NodeParameters,
    cache: CachePolicy = .disk, location: SourceLocation, portLocations: [String: SourceLocation] = [:]
  ) {
    self.address = address
    self.declaration = declaration
    self.inputs = inputs
    self.parameters = parameters
    self.cache = cache
    self.location = location
    self.portLocations = portLocations
  }
}

/// Where a node's outputs are kept, the `cache` key of a node.
package enum CachePolicy: String, Sendable, CaseIterable, Comparable {
  /// Recomputed in every run.
  case none
  /// Kept in memory, as long as the process lives.
  case memory
  /// Kept on disk, unless it is quicker to compute again than to read.
  case disk

  package static func < (a: CachePolicy, b: CachePolicy) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .none: 0
    case .memory: 1
    case .disk: 2
    }
  }
}
