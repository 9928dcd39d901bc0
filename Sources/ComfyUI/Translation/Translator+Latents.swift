/// What latents need to be told that ComfyUI's nodes do not say.
extension Translator {
  /// Gives nodes that make or keep latents by themselves what tells their form: the VAE that decodes what is drawn on them, or
  /// else the denoiser that draws.
  func completeLatents() {
    var readers: [Int: [Int]] = [:]
    for (index, node) in sketch.nodes.enumerated() {
      for wire in node.inputs.flatMap(\.wires) { readers[wire.node, default: []].append(index) }
    }
    for index in sketch.nodes.indices {
      let form: SketchWire?
      switch sketch.nodes[index].kind {
      case .node("EmptyLatent"), .node("LoadLatent"): form = self.form(from: index) { readers[$0] ?? [] }
      case .node("SaveLatent"):
        form = self.form(from: index) { node in
          sketch.nodes[node].inputs.filter { $0.name == "latent" || $0.name == "image" }.flatMap {
            $0.wires.map(\.node)
          }
        }
      default: form = nil
      }
      if let form { tell(index, form) }
    }
  }

  /// Tells a node the form of its latents: by a VAE, or by a denoiser.
  private func tell(_ index: Int, _ form: SketchWire) {
    guard form.port == "denoiser" else {
      sketch.nodes[index].inputs.insert(("vae", [form], false), at: 0)
      return
    }
    let loader = loader(of: form)
    if sketch.nodes[loader].kind == .node("LoadModel") {
      sketch.nodes[index].inputs.insert(("vae", [SketchWire(loader, "vae")], false), at: 0)
    } else if sketch.nodes[index].kind == .node("EmptyLatent") {
      sketch.nodes[index].inputs.insert(("denoiser", [form], false), at: 0)
    } else if let (factor, shift) = families[loader]?.latentScale {
      sketch.nodes[index].values += [("factor", .plain(factor)), ("shift", .plain(shift))]
    }
  }

  /// The node that loads what a wire brings, LoRAs on the way aside.
  private func loader(of wire: SketchWire) -> Int {
    var node = wire.node
    while let before = sketch.nodes[node].wire("denoiser") { node = before.node }
    return node
  }

  /// Nodes further away than that are no help.
  private static let searchLimit = 1000

  /// The first VAE on the way from a node, or else the first denoiser.
  private func form(from start: Int, _ next: (Int) -> [Int]) -> SketchWire? {
    var (open, seen): ([Int], Set<Int>) = ([start], [])
    var place = 0
    var denoiser: SketchWire?
    while place < open.count, place < Self.searchLimit {
      let node = sketch.nodes[open[place]]
      if let vae = node.wire("vae") { return vae }
      if denoiser == nil, case .graph = node.kind { denoiser = node.wire("denoiser") }
      for other in next(open[place]) where seen.insert(other).inserted { open.append(other) }
      place += 1
    }
    return denoiser
  }
}
