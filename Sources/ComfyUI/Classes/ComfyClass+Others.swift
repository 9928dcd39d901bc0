/// What is of other things than pictures of the families that are here, as far as their templates use it.
extension ComfyClass {
  static let others: [(String, ComfyClass)] = [
    (
      "DiffControlNetLoader",
      ComfyClass(
        "Load ControlNet Model (diff)", "control_net_name",
        .refused("a ControlNet that changes a model's weights; nearest is a whole one"))
    ),
    (
      "SetUnionControlNetType",
      ComfyClass("SetUnionControlNetType", "type", .refused("no ControlNet of several kinds is here"))
    ),
    ("LotusConditioning", ComfyClass("LotusConditioning", "", .refused("it is for Lotus, a family that is not here"))),
    (
      "QwenImageDiffsynthControlnet",
      ComfyClass("QwenImageDiffsynthControlnet", "strength", .refused("no patches of this kind are here"))
    ),
    (
      "TextGenerate",
      ComfyClass("Generate Text", "prompt max_length", .refused("no language model writes prompts here"))
    ),
  ]
}
