import GraphEngine

/// What a mask leaves out.
package struct InvertMask: Node {
  package static let info = NodeInfo(
    type: "InvertMask", version: 1, lane: .compute, summary: "Exchanges what a mask covers and what it leaves out.")

  let mask = Input<Mask>("mask", "The mask.")
  let inverted = Output<Mask>("mask", "1 - mask.")

  package init() {}

  package func run(_ io: inout NodeIO) throws { io[inverted] = Mask(io[mask].tensor.inverted) }
}
