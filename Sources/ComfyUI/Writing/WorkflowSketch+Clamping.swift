extension WorkflowSketch {
  /// Cuts decoded pictures off at black and white, as ComfyUI does, where more is made of them than a file, which cuts them off itself.
  mutating func clampDecodedPictures(among kept: Set<Int>) {
    var used: Set<Int> = []
    for index in kept where nodes[index].kind != .node("SavePNG") {
      for input in nodes[index].inputs { used.formUnion(input.wires.map(\.node)) }
    }
    for index in used where nodes[index].kind == .node("Decode") {
      nodes[index].values.append(("clamp", .plain("true")))
    }
  }
}
