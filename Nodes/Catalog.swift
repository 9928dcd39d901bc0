import GraphEngine

extension NodeCatalog {
  /// Every node type of Stepgraph; a new node is one file in its group's folder and one line here.
  package static let stepgraph = NodeCatalog(
    groups: groups, sheet: pictureSheet, graphs: ShippedGraphs.texts)

  private static let groups = [
    NodeGroup(
      "models",
      [
        AdapterPredict.self, ApplyLoRA.self, ControlNetPredict.self, Decode.self, EditConcat.self, Encode.self,
        EncodePicture.self, InpaintConcat.self, LoadAdapter.self, LoadControlNet.self, LoadDenoiser.self,
        LoadModel.self, LoadPictureEncoder.self, LoadStyleModel.self, LoadStyleProjector.self, LoadTextEncoder.self,
        LoadUpscaler.self, LoadVAE.self, Predict.self, ProjectStyle.self, UNetPredict.self,
      ]),
    NodeGroup(
      "text",
      [
        ApplyStyle.self, ConditioningMix.self, LoadConditioning.self, SaveConditioning.self, TextEncode.self,
        UnCLIPConditioning.self,
      ]),
    NodeGroup(
      "latents",
      [
        AddNoise.self, BlendLatent.self, CompositeLatent.self, CropLatent.self, EmptyLatent.self, HoldOutside.self,
        KeepOutside.self, LoadLatent.self, RepeatLatent.self, ResizeLatent.self, SaveLatent.self, Slerp.self,
        TensorMath.self,
      ]),
    NodeGroup(
      "guidance", [CFGCombine.self, CFGNorm.self, CFGZeroStar.self, EditCombine.self, RescaleCFG.self]),
    NodeGroup(
      "steps",
      [
        DDIMStep.self, DDPMStep.self, DEISStep.self, DPM2AncestralStep.self, DPM2SAncestralStep.self, DPM2Step.self,
        DPMFastStep.self, DPMPPSDEStep.self, DPMSDEStep.self, DPMSolverStep.self, ERSDEStep.self,
        EulerAncestralStep.self, EulerStep.self, GradientEstimationStep.self, HeunStep.self, IPNDMStep.self,
        LCMStep.self, LMSStep.self, NoiseSchedule.self, PLMSStep.self, ResMultistepStep.self, TCDStep.self,
        UniPCStep.self,
      ]),
    NodeGroup(
      "masks",
      [
        CombineMasks.self, FeatherMask.self, GrowMask.self, ImageFromMask.self, InvertMask.self, MaskFromImage.self,
        RectangleMask.self, StepMask.self, ThresholdMask.self,
      ]),
    NodeGroup(
      "pictures",
      [
        Adjust.self, Blend.self, Canny.self, Composite.self, Crop.self, Grid.self, InvertImage.self, LoadImage.self,
        Pad.self, ResizeImage.self, SavePNG.self, Stitch.self, UpscaleImage.self,
      ]),
    NodeGroup("files", [LoadTensor.self, SaveTensor.self]),
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
