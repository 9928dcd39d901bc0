import GraphEngine
import StepgraphNodes
import Tensors
import Testing

struct UNetPredictTests {
  /// Nodes that share a latent of `shape` run together, as long as they do not need much memory.
  @Test(arguments: [
    ([1, 4, 64, 64], 3, true), ([1, 4, 128, 128], 4, true), ([1, 4, 128, 128], 5, false), ([8, 4, 64, 64], 2, true),
    ([8, 4, 64, 64], 3, false), ([1, 4, 256, 256], 2, false),
  ])
  func largeBatchesAreRefused(_ shape: [Int], _ count: Int, _ fits: Bool) {
    let nodes = Array(repeating: Self.node(latent: shape, conditioning: [1, 77, 8]), count: count)
    #expect(UNetPredict().canRunTogether(nodes) == fits)
  }

  @Test func conditioningsOfOtherShapesAreRefused() {
    let nodes = [77, 154].map { Self.node(latent: [1, 4, 8, 8], conditioning: [1, $0, 8]) }
    #expect(!UNetPredict().canRunTogether(nodes))
    #expect(UNetPredict().canRunTogether([nodes[1], nodes[1]]))
  }

  private static func node(latent: [Int], conditioning: [Int]) -> NodeIO {
    NodeIO(
      parameters: NodeParameters([:]),
      inputs: [
        "latent": [Latent(.zeros(latent), level: nil)], "conditioning": [Conditioning(.zeros(conditioning))],
      ])
  }
}
