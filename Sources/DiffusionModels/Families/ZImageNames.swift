extension NameTable {
  /// Z-Image's transformer as diffusers saves it: the slots themselves.
  package static func diffusersZImage(prefix: String = "") -> NameTable { NameTable(prefix: prefix, [Rule("", "")]) }

  /// Z-Image's transformer of so many blocks in its authors' layout, as ComfyUI's files have it: one tensor joins query, key
  /// and value.
  package static func originalZImage(layers: Int, refiners: Int, prefix: String = "") -> NameTable {
    var rules = [
      Rule("", ""), Rule("x_embedder", "all_x_embedder.2-1"), Rule("final_layer", "all_final_layer.2-1"),
    ]
    let blocks =
      (0..<layers).map { "layers.\($0)" }
      + (0..<refiners).flatMap { ["noise_refiner.\($0)", "context_refiner.\($0)"] }
    for block in blocks {
      let attention = "\(block).attention"
      rules += ["weight", "bias"].map { kind in
        Rule(joined: "\(attention).qkv.\(kind)", ["to_q", "to_k", "to_v"].map { "\(attention).\($0).\(kind)" })
      }
      rules += [
        Rule("\(attention).out", "\(attention).to_out.0"), Rule("\(attention).q_norm", "\(attention).norm_q"),
        Rule("\(attention).k_norm", "\(attention).norm_k"),
      ]
    }
    return NameTable(prefix: prefix, rules)
  }
}
