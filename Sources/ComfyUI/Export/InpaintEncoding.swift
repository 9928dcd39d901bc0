import GraphEngine
import JSONTree

/// A picture that is encoded with grey in place of what is to be drawn, together with the mask that says so: VAEEncodeForInpaint.
struct InpaintEncoding {
  /// The Encode.
  let encode: Int
  private let picture: WireSource
  private let mask: WireSource
  /// The mask that a sampler takes.
  let drawn: WireSource
  private let window: Int
  /// Nodes that are of no use otherwise.
  let parts: Set<Int>

  /// Nil for an Encode of another picture.
  ///
  /// - Parameter readers: the nodes that take something from each node.
  init?(_ encode: Int, readers: [[Int]], in e: Exporter) {
    func node(_ index: Int?, _ type: String) -> Int? { index.flatMap { e.graph.nodes[$0].type == type ? $0 : nil } }
    guard let composite = node(e.source(encode, "image")?.node, "Composite"),
      let sharp = node(e.source(composite, "mask")?.node, "ThresholdMask"), e.number(sharp, "value") == 0.5,
      let grey = node(e.source(composite, "source")?.node, "ImageFromMask"),
      let half = node(e.source(grey, "mask")?.node, "RectangleMask"), e.number(half, "value") == 0.5,
      let picture = e.source(composite, "destination"), e.source(half, "image") == picture,
      let mask = e.source(sharp, "mask")
    else { return nil }
    let grown = readers[sharp].first { node($0, "GrowMask") != nil && e.number($0, "window") != nil }
    let parts = Set([composite, sharp, grey, half] + (grown.map { [$0] } ?? []))
    let drawn = grown ?? sharp
    guard
      parts.allSatisfy({ part in
        readers[part].allSatisfy { parts.contains($0) || $0 == encode || part == drawn && node($0, "StepMask") != nil }
      })
    else { return nil }
    (self.encode, self.picture, self.mask, self.parts) = (encode, picture, mask, parts)
    self.drawn = WireSource(node: drawn, output: 0)
    window = grown.flatMap { e.number($0, "window") }.map { Int($0) } ?? 0
  }

  /// A link to the latent, which has its mask.
  func link(_ e: Exporter) -> JSONValue {
    e.add(
      "VAEEncodeForInpaint", encode,
      [
        ("pixels", e.link(picture)), ("vae", e.link(into: encode, "vae")), ("mask", e.link(mask)),
        ("grow_mask_by", .plain("\(window)")),
      ])
  }
}
