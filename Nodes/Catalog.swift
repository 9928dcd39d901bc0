import GraphEngine

extension NodeCatalog {
  /// Every node type of Stepgraph; a new node is one file in this folder and one line here.
  package static let stepgraph = NodeCatalog([
    AddNoise.self,
    CFGCombine.self,
    DDIMStep.self,
    Decode.self,
    EmptyLatent.self,
    Encode.self,
    LoadImage.self,
    LoadModel.self,
    LoadTensor.self,
    NoiseSchedule.self,
    SavePNG.self,
    SaveTensor.self,
    TextEncode.self,
    UNetPredict.self,
  ])
}
