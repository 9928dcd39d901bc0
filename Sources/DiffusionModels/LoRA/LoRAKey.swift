/// A key of a LoRA file: the module that it belongs to, and what its tensor is there.
struct LoRAKey: Equatable {
  /// What a tensor is to its module, by the names of LyCORIS.
  enum Role: String, CaseIterable {
    case down = "lora_down.weight"
    case up = "lora_up.weight"
    case mid = "lora_mid.weight"
    case upBias = "lora_up.bias"
    case alpha
    case doraScale = "dora_scale"
    /// PEFT's DoRA.
    case magnitude = "lora_magnitude_vector"
    case hadaW1A = "hada_w1_a"
    case hadaW1B = "hada_w1_b"
    case hadaW2A = "hada_w2_a"
    case hadaW2B = "hada_w2_b"
    case hadaT1 = "hada_t1"
    case hadaT2 = "hada_t2"
    case lokrW1 = "lokr_w1"
    case lokrW1A = "lokr_w1_a"
    case lokrW1B = "lokr_w1_b"
    case lokrW2 = "lokr_w2"
    case lokrW2A = "lokr_w2_a"
    case lokrW2B = "lokr_w2_b"
    case lokrT2 = "lokr_t2"
    case diff
    case diffBias = "diff_b"
    case normWeight = "w_norm"
    case normBias = "b_norm"
    /// A norm's own numbers, in the place of the model's: in the LoRAs of FLUX.1 Canny and Depth.
    case normScale = "scale"
  }

  let module: String
  let role: Role

  /// What else these tensors are called: by diffusers, of its several times, and by PEFT.
  private static let otherNames: [(ending: String, role: Role)] = [
    ("lora_A.weight", .down), ("lora_B.weight", .up), ("lora_B.bias", .upBias), ("lora_A.default.weight", .down),
    ("lora_B.default.weight", .up), ("lora_B.default.bias", .upBias), ("lora.down.weight", .down),
    ("lora.up.weight", .up), ("lora_linear_layer.down.weight", .down), ("lora_linear_layer.up.weight", .up),
    ("lora_magnitude_vector.weight", .magnitude), ("lora_magnitude_vector.default.weight", .magnitude),
  ]

  /// Longest first, so that none hides another.
  private static let endings: [(ending: String, role: Role)] =
    (Role.allCases.map { ($0.rawValue, $0) } + otherNames).map { (".\($0.0)", $0.1) }
    .sorted { ($0.0.utf8.count, $0.0) > ($1.0.utf8.count, $1.0) }

  /// Attention processors of diffusers before 0.20: `attn1.processor.to_q_lora.down.weight` is of `attn1.to_q`.
  private static let processors = [("to_q", "to_q"), ("to_k", "to_k"), ("to_v", "to_v"), ("to_out", "to_out.0")]

  /// What diffusers calls the norms of queries and keys.
  private static let norms = ["norm_q", "norm_k", "norm_added_q", "norm_added_k"]

  /// Nil for a key of no known format.
  init?(_ key: String) {
    if Self.norms.contains(where: { key.hasSuffix(".\($0).weight") }) {
      module = String(key.dropLast(".weight".count))
      role = .normScale
      return
    }
    for (name, module) in Self.processors {
      for (direction, role) in [("down", Role.down), ("up", .up)] {
        let ending = ".processor.\(name)_lora.\(direction).weight"
        guard key.hasSuffix(ending) else { continue }
        self.module = "\(key.dropLast(ending.count)).\(module)"
        self.role = role
        return
      }
    }
    guard let (ending, role) = Self.endings.first(where: { key.hasSuffix($0.ending) }) else { return nil }
    module = String(key.dropLast(ending.utf8.count))
    self.role = role
  }
}
