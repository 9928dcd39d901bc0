import DiffusionModels
import GraphEngine
import Tensors

/// Latents of another size, with the results of torch's `interpolate`, or along arcs as ComfyUI's bislerp.
package struct ResizeLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "ResizeLatent", version: 1, lane: .compute, summary: "Resizes latents: to a size, or by a factor.")

  let latent = Input<Latent>("latent", "The latents.")
  let cells = CellPorts()
  let ports = TargetSizePorts()
  let method = Parameter(
    "method", "How cells are made of those around them; bislerp keeps them as strong as they are.",
    default: LatentFilter.nearestExact.rawValue, options: LatentFilter.allCases.map(\.rawValue))
  let resized = Output<Latent>("latent", "The latents at the new size, or as they are if they have it.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws { try ports.requireOneWay(parameters) }

  package func forecast(_ io: inout NodeForecast) throws {
    guard var known = io[latent] else { return }
    if known.isNoisy {
      io.warn(
        "the latent is still noisy, at level \(known.level.text)\(known.place), and its noise is resized with it",
        at: latent.name)
    }
    known.shape = known.shape.flatMap { shape in
      cells.pixels(io).map { pixels in
        let size = size(io.parameters, of: shape, pixels: pixels)
        return [shape[0], shape[1], size.height, size.width]
      }
    }
    io[resized] = known
  }

  /// In cells.
  private func size(_ parameters: NodeParameters, of shape: [Int], pixels: Int) -> (width: Int, height: Int) {
    // A factor acts on cells, whose number need not be whole before it is rounded.
    if let factor = parameters[ports.factor] { return ports.scaled((shape[3], shape[2]), by: factor) }
    let size = ports.size(parameters, old: (shape[3] * pixels, shape[2] * pixels))
    return (max(1, size.width / pixels), max(1, size.height / pixels))
  }

  package func run(_ io: inout NodeIO) throws {
    guard let filter = LatentFilter(rawValue: io[method]) else { preconditionFailure("'method' was not validated") }
    let latent = io[latent]
    let size = size(io.parameters, of: latent.tensor.shape, pixels: cells.pixels(io))
    guard size.width * size.height * latent.tensor.shape[0] * latent.tensor.shape[1] <= 1 << 26 else {
      throw NodeFailure(
        "a latent of \(size.width)x\(size.height) cells is larger than any machine could decode", at: self.latent.name)
    }
    let cut = ports.cut(latent.tensor, io.parameters, to: size)
    io[resized] = Latent(cut.resizedLatent(height: size.height, width: size.width, filter), level: latent.level)
  }
}
