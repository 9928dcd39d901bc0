import GGUF
import Weights

/// What a GGUF file says of the model in it beside its tensors; some files say nothing.
struct GGUFArchitecture {
  /// llama.cpp's name of the architecture, such as `qwen3`.
  let name: String
  /// Numbers that shapes do not tell, under the keys of transformers' configs.
  let values: [String: JSONValue]

  /// Nil for a file that does not tell.
  init?(_ file: any TensorFile) {
    guard let file = file as? GGUFReader, let name = file.metadataString("general.architecture") else { return nil }
    self.name = name
    let keys = [
      "layer_norm_epsilon": "attention.layer_norm_rms_epsilon", "rms_norm_eps": "attention.layer_norm_rms_epsilon",
      "rope_theta": "rope.freq_base",
    ]
    values = keys.compactMapValues { key in
      guard let number = try? file.number("\(name).\(key)") else { return nil }
      // They are stored in single precision: the decimal that was meant.
      return .float(Double("\(Float(number))") ?? number)
    }
  }
}
