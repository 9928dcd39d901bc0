import DiffusionModels
import GraphEngine
import Tensors

/// One latent laid on another, at the same level.
package struct CompositeLatent: ForecastingNode {
  package static let info = NodeInfo(
    type: "CompositeLatent", version: 1, lane: .compute,
    summary: "Lays a latent, or what a mask shows of it, on another.")

  let destination = Input<Latent>("destination", "The latent below.")
  let source = Input<Latent>("source", "The latent on it, at the same level; one for all, or one for each.")
  let mask = OptionalInput<Mask>("mask", "How much of the source is taken; all of it when left out.")
  let cellSize = CellPorts()
  let cells = CellMaskPorts.cells
  let place = PlacePorts("the source")
  let latent = Output<Latent>("latent", "The destination with the source on it.")

  package init() {}

  package func forecast(_ io: inout NodeForecast) throws {
    _ = try pair(io[destination]?.level, io[source]?.level).level()
    io[latent] =
      io[destination] ?? io[source].map { LatentForecast(level: $0.level, schedule: $0.schedule, step: $0.step) }
  }

  private func pair(_ destination: NoiseLevel?, _ source: NoiseLevel?) -> LatentPair {
    LatentPair(first: (self.destination.name, destination), second: (self.source.name, source))
  }

  package func run(_ io: inout NodeIO) throws {
    let (destination, source) = (io[destination], io[source])
    let (below, above) = (destination.tensor, source.tensor)
    guard below.shape[1] == above.shape[1], [1, below.shape[0]].contains(above.shape[0]) else {
      throw NodeFailure("'source' is \(above.shape), but 'destination' is \(below.shape)", at: self.source.name)
    }
    let pixels = cellSize.pixels(io)
    let (x, y) = (
      try cellSize.cells(io[place.x], of: pixels, at: place.x.name),
      try cellSize.cells(io[place.y], of: pixels, at: place.y.name)
    )
    var mask = try io[mask]?.cells(of: above, CellReduction(rawValue: io[cells]) ?? .mean, at: self.mask.name)
    if let several = mask, above.shape[0] == 1, several.shape[0] > 1 { mask = several.sample(0) }
    io[latent] = Latent(
      below.pasting(above, top: y, left: x, mask: mask), level: try pair(destination.level, source.level).level())
  }
}
