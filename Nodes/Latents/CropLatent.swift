import GraphEngine
import Tensors

/// A part of latents.
package struct CropLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "CropLatent", version: 1, lane: .compute, summary: "Cuts a rectangle out of latents.")

  let latent = Input<Latent>("latent", "The latents.")
  let cells = CellPorts()
  let ports = RectanglePorts()
  let cropped = Output<Latent>("latent", "The rectangle, at the same level.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    guard var known = io[latent] else { return }
    if let shape = known.shape {
      known.shape = try cells.pixels(io).map { pixels in
        let part = try part(io.parameters, of: shape, pixels: pixels)
        return [shape[0], shape[1], part.height, part.width]
      }
    }
    io[cropped] = known
  }

  /// In cells.
  private func part(
    _ parameters: NodeParameters, of shape: [Int], pixels: Int
  ) throws -> RectanglePorts.Rectangle {
    let part = try ports.rectangle(
      parameters, width: shape[3] * pixels, height: shape[2] * pixels, "the latent's picture")
    func cells(_ side: Int, _ name: String) throws -> Int { try self.cells.cells(side, of: pixels, at: name) }
    return .init(
      x: try cells(part.x, ports.x.name), y: try cells(part.y, ports.y.name),
      width: try cells(part.width, ports.width.name), height: try cells(part.height, ports.height.name))
  }

  package func run(_ io: inout NodeIO) throws {
    let latent = io[latent]
    let part = try part(io.parameters, of: latent.tensor.shape, pixels: cells.pixels(io))
    io[cropped] = Latent(
      latent.tensor.region(top: part.y, left: part.x, height: part.height, width: part.width), level: latent.level)
  }
}
