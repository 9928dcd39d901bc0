import GraphEngine
import Tensors

/// A mask for latents, one number for each of their cells.
struct CellMaskPorts: PortGroup {
  let mask: Input<Mask>
  let cells = Self.cells

  static let cells = Parameter(
    "cells",
    "What a latent's cell takes of the mask's pixels: their mean; the first, as diffusers; or bilinear, as ComfyUI.",
    default: CellReduction.mean.rawValue, options: CellReduction.allCases.map(\.rawValue))

  init(_ help: String) { mask = Input("mask", help) }

  /// [1 or n, 1, h, w] for a latent [n, c, h, w].
  ///
  /// Throws `NodeFailure` for a mask of other proportions.
  func cells(_ io: NodeIO, of latent: Tensor) throws -> Tensor {
    try io[mask].cells(of: latent, CellReduction(rawValue: io[cells]) ?? .mean, at: mask.name)
  }
}
