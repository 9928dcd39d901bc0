import DiffusionModels
import GraphEngine
import Tensors

/// The mask of one step, a number for each cell of a latent.
///
/// With `differential` it is that of differential diffusion (Levin and Fried 2023; ComfyUI's DifferentialDiffusion): 1 where
/// the mask is at least what is left of the way in times, so that white is drawn at every step and grey from a later one on.
package struct StepMask: ForecastingNode {
  package static let info = NodeInfo(
    type: "StepMask", version: 1, lane: .compute, summary: "Makes the mask of a step, for the cells of a latent.")

  let mask = CellMaskPorts("1 where something is drawn.")
  let latent = Input<Latent>("latent", "The latent whose cells are meant.")
  let schedule = Input<Schedule>("schedule", "The schedule of the step.")
  let step = Parameter<Int>("step", "Index into the evaluation list.", min: 0)
  let differential = Parameter(
    "differential", "Whether grey is drawn from a later step on, the later the darker it is.", default: false)
  let made = Output<Mask>("mask", "The mask, as large as the latent.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    try io[schedule]?.requireStep(io[step], port: step.name)
    // One mask serves all steps.
    if !io.parameters[differential] { io.parameters[step] = 0 }
  }

  package func run(_ io: inout NodeIO) throws {
    let times = io[schedule].timesteps
    try ScheduleForecast(io[schedule]).requireStep(io[step], port: step.name)
    let cells = try mask.cells(io, of: io[latent].tensor)
    guard io[differential] else {
      io[made] = Mask(cells)
      return
    }
    let threshold = times[0] > 0 ? Float(times[io[step]] / times[0]) : 0
    io[made] = Mask(
      Tensor(shape: cells.shape) { target in
        cells.withUnsafeBufferPointer { source in
          for i in target.indices { target[i] = source[i] >= threshold ? 1 : 0 }
        }
      })
  }
}
