import DiffusionModels
import GraphEngine

/// A model whose weights are changed by a LoRA, or by what descends from it: Hu et al., 2021.
package struct ApplyLoRA: ForecastingNode {
  package static let info = NodeInfo(
    type: "ApplyLoRA", version: 2, lane: .inline,
    summary: "Changes a model's weights by those of a LoRA file, as they are loaded.")

  let denoiser = Input<DenoiserHandle>("denoiser", "The denoiser to change.", reaches: ["denoiser"])
  let clip = OptionalInput<CLIPHandle>(
    "clip", "The text encoders to change; left out where they stay as they are.", reaches: ["clip"])
  let path = Parameter<String>(
    "path",
    "A .safetensors file: LoRA, LoCon, LoHa, LoKr, DoRA or differences, in the names of kohya, diffusers or PEFT.",
    path: .read)
  let strength = Parameter(
    "strength", "How much to change the denoiser: 0 is not at all, and less is the other way.", default: 1.0,
    reaches: ["denoiser"])
  let clipStrength = Parameter(
    "clip_strength", "How much to change the text encoders.", default: 1.0, reaches: ["clip"])
  let changedDenoiser = Output<DenoiserHandle>("denoiser", "The changed denoiser.")
  let changedClip = OptionalOutput<CLIPHandle>("clip", "The changed text encoders; nothing where 'clip' is not wired.")

  package init() {}

  package func sources(_ parameters: NodeParameters) throws -> [NodeSource] {
    let path = parameters[path]
    let file = try NodeFailure.telling(at: self.path.name) { try LoRAFile(path: path) }
    let outputs = [(changedDenoiser.name, file.changesDenoiser), (changedClip.name, file.changesText)]
    return file.paths.map { NodeSource($0, outputs: Set(outputs.filter(\.1).map(\.0))) }
  }

  /// The noise that a model was trained with stays as it is, and so do the sizes of its parts, but for what it sees.
  package func forecast(_ io: inout NodeForecast) {
    let file = try? LoRAFile(path: io[path])
    io[changedDenoiser] = io[denoiser].map { model in
      guard let file else { return model }
      let changed = model.patched(with: LoRAPatch(file, strength: io[strength]))
      return changed.denoiserConfig == model.denoiserConfig ? model : changed
    }
    io[changedClip] = io[clip]
  }

  package func run(_ io: inout NodeIO) throws {
    let path = io[path]
    let file = try NodeFailure.telling(at: self.path.name) { try LoRAFile(path: path) }
    let (denoiser, clip) = (io[denoiser], io[clip])
    if file.changesText, clip == nil {
      io.warn("the file also changes the text encoder: that is left out, as 'clip' is not wired", self.path.name)
    }
    let loading = LoadReport(io.reportLoaded)
    io[changedDenoiser] = try NodeFailure.telling(at: self.path.name) {
      guard file.changesDenoiser else { return denoiser }
      let model = denoiser.model.patched(with: LoRAPatch(file, strength: io[strength]))
      guard io[strength] != 0 || model.denoiserConfig != denoiser.model.denoiserConfig else { return denoiser }
      try model.checkPatches(of: .unet)
      return DenoiserHandle(model: model, loading: loading)
    }
    io[changedClip] = try clip.map { clip in
      try NodeFailure.telling(at: self.path.name) {
        guard file.changesText, io[clipStrength] != 0 else { return clip }
        let model = clip.model.patched(with: LoRAPatch(file, strength: io[clipStrength]))
        try model.checkPatches(of: .clip)
        return CLIPHandle(model: model, loading: LoadReport(io.reportLoaded))
      }
    }
  }
}
