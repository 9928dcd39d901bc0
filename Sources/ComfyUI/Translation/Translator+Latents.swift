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
      let form: (name: String, wire: SketchWire)?
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
      if let form { sketch.nodes[index].inputs.insert((form.name, [form.wire], false), at: 0) }
    }
  }

  /// Nodes further away than that are no help.
  private static let searchLimit = 1000

  /// The first VAE on the way from a node, or else the first denoiser.
  private func form(from start: Int, _ next: (Int) -> [Int]) -> (name: String, wire: SketchWire)? {
    var (open, seen): ([Int], Set<Int>) = ([start], [])
    var place = 0
    var denoiser: SketchWire?
    while place < open.count, place < Self.searchLimit {
      let node = sketch.nodes[open[place]]
      if let vae = node.wire("vae") { return ("vae", vae) }
      if denoiser == nil, case .graph = node.kind { denoiser = node.wire("denoiser") }
      for other in next(open[place]) where seen.insert(other).inserted { open.append(other) }
      place += 1
    }
    return denoiser.map { ("denoiser", $0) }
  }
}
