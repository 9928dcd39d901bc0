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
  /// Model digests are added by the planner, which knows them.
  package var workflow: String
  /// The workflow file's path as the user gave it.
  package var path: String
  /// The workflow's params in the order of the file, with the values they have in this run.
  package var parameters: [ResolvedParameter]
  /// What the user should know though nothing is wrong.
  package var warnings: [Diagnostic]

  package init(
    nodes: [ResolvedNode], targets: [Int], outputs: [String: WireSource] = [:], workflow: String = "",
    path: String = "", parameters: [ResolvedParameter] = [], warnings: [Diagnostic] = []
  ) {
    self.nodes = nodes
    self.targets = targets
    self.outputs = outputs
    self.workflow = workflow
    self.path = path
    self.parameters = parameters
    self.warnings = warnings
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
package enum CachePolicy: String, Sendable, CaseIterable {
  /// Recomputed in every run.
  case none
  /// Kept for the run only.
  case memory
  /// Kept on disk.
  case disk
}
