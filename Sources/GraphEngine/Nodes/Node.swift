/// One step of a workflow: a type with declared ports and a function from inputs to outputs.
///
/// Obligations: `run` is a pure function of its inputs, its parameters and the files named by `sources`, and gives the
/// same bits on every run (sinks aside, which write files). When its numbers change, `info.version` changes.
/// Ports are stored constants with default values; the engine finds them by reflection, once per type.
package protocol Node: Sendable {
  static var info: NodeInfo { get }

  init()

  /// Computes the outputs. Throws `NodeFailure` for what a user can mend.
  func run(_ io: inout NodeIO) throws

  /// Files whose contents decide the outputs, with the output ports each one reaches.
  func sources(_ parameters: NodeParameters) throws -> [NodeSource]

  /// Settings that stand for others, such as `precision: auto`, as what they mean on this machine. Called before keys are made.
  func resolve(_ parameters: inout NodeParameters) throws

  /// Looks at the files that `outputs` of a handle will be read from, once it is clear that they are needed and before anything
  /// runs, so that a bad file costs no time.
  func verify(_ parameters: NodeParameters, outputs: Set<String>) throws
}

extension Node {
  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] { [] }
  package func resolve(_ parameters: inout NodeParameters) throws {}
  package func verify(_ parameters: NodeParameters, outputs: Set<String>) throws {}
}

/// A file that a node reads.
package struct NodeSource: Sendable {
  package let path: String
  /// Output ports whose value depends on the file; nil for all of them.
  package let outputs: Set<String>?
  /// What the file is to the node, where its place among the node's files does not tell; part of the key.
  package let role: String?

  package init(_ path: String, outputs: Set<String>? = nil, role: String? = nil) {
    self.path = path
    self.outputs = outputs
    self.role = role
  }
}

/// What is known of a node type besides its ports.
package struct NodeInfo: Sendable {
  package let type: String
  /// Changes whenever the node's numbers change: it is part of the cache key.
  package let version: Int
  package let lane: Lane
  package let summary: String
  /// Sinks write files: they are always targets and never cached.
  package let isSink: Bool

  package init(type: String, version: Int, lane: Lane, summary: String, isSink: Bool = false) {
    self.type = type
    self.version = version
    self.lane = lane
    self.summary = summary
    self.isSink = isSink
  }
}

/// Where a node runs: `compute` one at a time (a node is parallel inside), `io` two at a time, `inline` on the scheduler.
package enum Lane: String, Sendable { case compute, io, inline }

/// A failure of a node that the user can mend, told at the parameter or input it concerns.
package struct NodeFailure: Error, Sendable {
  /// The port or parameter whose line in the workflow the message is shown at; nil for the node itself.
  package let port: String?
  package let message: String
  package let notes: [String]

  package init(_ message: String, at port: String? = nil, notes: [String] = []) {
    self.message = message
    self.port = port
    self.notes = notes
  }
}
