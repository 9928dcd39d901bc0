/// A node type of which several nodes run faster together than one after the other.
///
/// Nodes that are ready at the same time run as one batch if they are alike but for one input: equal parameters, and the
/// same wires everywhere else. Each must get the same bits as alone, as keys know nothing of batches.
package protocol BatchableNode: Node {
  /// The name of the input that may differ from node to node.
  var differingInput: String { get }

  /// Whether nodes that are alike can run together: their values fit each other, and the memory that a machine has.
  func canRunTogether(_ nodes: [NodeIO]) -> Bool

  /// Computes the outputs of all nodes. When it throws, the nodes run one by one, so that each is told its own failure.
  func run(batch: inout [NodeIO]) throws
}

extension BatchableNode {
  package func run(_ io: inout NodeIO) throws {
    var batch = [io]
    try run(batch: &batch)
    io = batch[0]
  }
}
