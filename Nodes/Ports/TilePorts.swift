import DiffusionModels
import GraphEngine

/// How much of a picture the VAE works on at once.
struct TilePorts: PortGroup {
  let tile = OptionalParameter<Int>(
    "tile",
    "Works large pictures out in strips of at most tile x tile pixels, in much less memory; 256 suits pictures of any size. "
      + "No seams come of it: 0, or left out, differs by rounding alone.",
    min: 0, max: Double(largestPictureSide))

  /// 0 is as if it were left out.
  func resolve(_ parameters: inout NodeParameters) {
    if parameters[tile] == 0 { parameters[tile] = nil }
  }

  /// A picture with no more pixels is worked out as a whole, and so keyed.
  func forget(_ io: inout NodeForecast, height: Int, width: Int) {
    if let side = io[tile], height * width <= side * side { io.parameters[tile] = nil }
  }

  /// Nil for the whole; strips end where the user interrupts the run.
  func strips(_ io: NodeIO) -> StripSize? {
    io[tile].map { [isCancelled = io.isCancelled] side in
      StripSize(side: side) { if isCancelled() { throw CancellationError() } }
    }
  }
}
