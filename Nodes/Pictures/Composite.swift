import GraphEngine
import Tensors

/// One picture laid on another: where the mask is 0 the other one stays to the bit.
package struct Composite: Node {
  package static let info = NodeInfo(
    type: "Composite", version: 1, lane: .compute, summary: "Lays a picture, or what a mask shows of it, on another.")

  let destination = Input<Image>("destination", "The picture below; one for all, or one for each.")
  let source = Input<Image>("source", "The picture on it; one for all, or one for each.")
  let mask = OptionalInput<Mask>("mask", "How much of the source is seen; all of it when left out.")
  let place = PlacePorts("the source")
  let image = Output<Image>("image", "The destination with the source on it.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let source = io[source].tensor
    // Several pictures go each on a copy of a single one.
    let below = io[destination].tensor
    let destination = below.shape[0] == 1 ? below.repeated(source.shape[0]) : below
    guard [1, destination.shape[0]].contains(source.shape[0]) else {
      throw NodeFailure(
        "there are \(source.shape[0]) pictures for \(destination.shape[0]); one, or one for each, was expected",
        at: self.source.name)
    }
    var mask = try io[mask]?.fitted(to: source, called: "the source", at: self.mask.name, warn: io.warn)
    if let several = mask, source.shape[0] == 1, several.shape[0] > 1 { mask = several.sample(0) }
    io[image] = Image(destination.pasting(source, top: io[place.y], left: io[place.x], mask: mask))
  }
}
