import GraphEngine

/// What a node says that the class of ComfyUI in its place does not do.
extension Exporter {
  func refuseDifferences(_ index: Int) {
    switch graph.nodes[index].type {
    case "TextEncode": refuseTokens(index)
    case "Decode": refuseColours(index)
    case "ResizeImage": refuseSizes(index)
    case "ResizeLatent": refuseCells(index)
    case "LoadModel", "LoadDenoiser":
      if text(index, "prediction") == "flow" {
        refuse(index, "ComfyUI's ModelSamplingDiscrete knows eps and v_prediction, and no flow")
      }
    case "NoiseSchedule": refuseNoise(index)
    default: break
    }
  }

  private func refuseNoise(_ index: Int) {
    for name in ["beta_schedule", "beta_start", "beta_end"] where value(index, name) != nil {
      refuse(index, "ComfyUI's noise of training is that of the model's family, and '\(name)' says another")
    }
    let isOfAnotherNode = value(index, "curve_shape") != nil || text(index, "curve") == "flux2"
    if isOfAnotherNode, number(index, "denoise") ?? 1 != 1 {
      refuse(index, "of this list ComfyUI takes no part by 'denoise'; 'from' was expected")
    }
  }

  /// A file cuts colours off anyway.
  private func refuseColours(_ index: Int) {
    guard text(index, "clamp") != "true" else { return }
    let isWorkedOn = graph.nodes.contains { node in
      node.type != "SavePNG" && node.inputs.joined().contains { $0.node == index }
    }
    if isWorkedOn {
      refuse(index, "ComfyUI cuts decoded pictures off at black and white; 'clamp: true' was expected")
    }
  }

  private func refuseTokens(_ index: Int) {
    for name in ["tokens", "least_tokens"] where value(index, name) != nil {
      refuse(index, "ComfyUI has no number of tokens to fill a text up to or to cut it at, and '\(name)' is one")
    }
    guard text(index, "syntax") ?? "plain" == "plain", let source = source(index, "clip") else { return }
    let texts = ["text", "text_2"].compactMap { text(index, $0) }
    if isOfT5(source.node) {
      refuse(index, "ComfyUI fills texts up to 256 tokens and cuts none; 'syntax: comfyui' was expected")
    } else if texts.contains(where: { $0.utf8.count > Self.surelyWhole }), !isOfQwen(source.node) {
      refuse(index, "ComfyUI cuts no long text, as 'syntax: plain' does; 'syntax: comfyui' was expected")
    }
  }

  /// How many bytes are no more than 75 tokens, whatever they are.
  private static let surelyWhole = 75

  private func isOfT5(_ loader: Int) -> Bool {
    ["path", "path_2"].contains { text(loader, $0)?.lowercased().contains("t5") == true }
  }

  private func isOfQwen(_ loader: Int) -> Bool { value(loader, "family") != nil }

  private func refuseSizes(_ index: Int) {
    let isMultiple = number(index, "multiple") ?? 1 != 1
    if isMultiple, value(index, "pixels") == nil {
      refuse(index, "ComfyUI makes no multiples of a number but with 'pixels'; a width and a height were expected")
    }
    if text(index, "convention") != "comfyui" {
      refuse(index, "ComfyUI's filters give other colours; 'convention: comfyui' was expected")
    }
  }

  private func refuseCells(_ index: Int) {
    if text(index, "method") == "nearest" {
      refuse(index, "ComfyUI takes the nearest cell by its centre; 'method: nearest-exact' was expected")
    }
    for name in ["width", "height"] {
      if let side = number(index, name), side < 64 {
        refuse(index, "ComfyUI makes no latent of less than 64 pixels, and '\(name)' is less")
      }
    }
  }
}
