import DiffusionModels
import GraphEngine
import Tensors

/// One forward pass of the UNet.
package struct UNetPredict: BatchableNode, ForecastingNode {
  package static let info = NodeInfo(
    type: "UNetPredict", version: 1, lane: .compute, summary: "Predicts the noise in a latent with the UNet.")

  let unet = Input<UNetHandle>("unet", "The UNet.")
  let ports = PredictionPorts()
  let concat = OptionalInput<PlainTensor>("concat", PredictionPorts.concatHelp)
  let control = VariadicInput<Control>("control", PredictionPorts.controlHelp, isOptional: true)

  package init() {}

  package var differingInput: String { ports.conditioning.name }

  package func canRunTogether(_ nodes: [NodeIO]) -> Bool { ports.canRunTogether(nodes) }

  package func forecast(_ io: inout NodeForecast) throws {
    try ports.forecast(&io)
    if let config = io[unet]?.denoiserConfig, config.unet != nil { try ports.requireFit(config, io) }
  }

  package func run(batch: inout [NodeIO]) throws {
    let handle = batch[0][unet]
    let denoiser = UNetDenoiser(
      try handle.unet(at: unet.name), pixelsPerLatent: handle.model.pixelsPerLatent)
    try ports.run(batch: &batch, denoiser, concat: batch[0][concat]?.tensor, control: batch[0][control])
  }
}
