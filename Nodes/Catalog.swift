import GraphEngine

extension NodeCatalog {
  /// Every node type of Stepgraph; a new node is one file in this folder and one line here.
  package static let stepgraph = NodeCatalog([
  ])
}
