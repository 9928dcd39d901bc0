import GraphEngine

extension NodeCatalog {
  /// Every node type of Stepgraph; a new node is one file in this folder and one line here.
  package static let stepgraph = NodeCatalog(types, sheet: pictureSheet, graphs: ShippedGraphs.texts)

  private static let types: [any Node.Type] = [
    AddNoise.self,
    ApplyLoRA.self,
    CFGCombine.self,
    ConditioningMix.self,
    DDIMStep.self,
    DDPMStep.self,
    Decode.self,
    DEISStep.self,
    DPM2AncestralStep.self,
    DPM2Step.self,
    DPMSolverStep.self,
    EmptyLatent.self,
    Encode.self,
    EulerAncestralStep.self,
    EulerStep.self,
    Grid.self,
    HeunStep.self,
    LCMStep.self,
    LMSStep.self,
    LoadDenoiser.self,
    LoadImage.self,
    LoadModel.self,
    LoadTensor.self,
    LoadTextEncoder.self,
    LoadVAE.self,
    NoiseSchedule.self,
    PLMSStep.self,
    Predict.self,
    SavePNG.self,
    SaveTensor.self,
    Slerp.self,
    TCDStep.self,
    TextEncode.self,
    UNetPredict.self,
    UniPCStep.self,
  ]

  /// A sweep shows its pictures together in a Grid.
  private static let pictureSheet = SweepSheet(
    sink: SavePNG.info.type, input: "image", path: "path", joiner: Grid.info.type, parts: "images"
  ) { layout in
    let grid = Grid()
    return [
      grid.columns.name: layout.columns.parameterValue, grid.cells.name: layout.cells.parameterValue,
      grid.labels.name: layout.labels.parameterValue, grid.columnTitle.name: layout.columnTitle.parameterValue,
      grid.columnLabels.name: layout.columnLabels.parameterValue, grid.rowTitle.name: layout.rowTitle.parameterValue,
      grid.rowLabels.name: layout.rowLabels.parameterValue, grid.blockLabels.name: layout.blockLabels.parameterValue,
    ]
  }
}
