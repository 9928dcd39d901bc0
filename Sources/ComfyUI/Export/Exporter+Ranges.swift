import JSONTree

extension Exporter {
  /// What a class takes of a number, where a workflow may say more; by the class and the input, or the input alone.
  private static let ranges: [String: ClosedRange<Double>] = [
    "cfg": 0...100, "guidance": 0...100, "eta": 0...100, "max_shift": 0...100, "shift": 0...100, "alpha": 0...50,
    "beta": 0...50, "strength_model": -100...100, "strength_clip": -100...100, "ascore": 0...1000, "scale_by": 0.01...8,
    "megapixels": 0.01...16, "low_threshold": 0.01...0.99, "high_threshold": 0.01...0.99, "spacing_width": 0...1024,
    "stop_at_clip_layer": -24 ... -1, "ControlNetApplyAdvanced.strength": 0...10, "RepeatLatentBatch.amount": 1...64,
    "SDTurboScheduler.steps": 1...10, "MaskComposite.x": 0...16384, "MaskComposite.y": 0...16384,
    "ImageCompositeMasked.x": 0...16384, "ImageCompositeMasked.y": 0...16384, "EmptyLatentImage.width": 16...16384,
    "EmptyLatentImage.height": 16...16384,
  ]

  func refuseOutside(_ type: String, _ index: Int, _ inputs: [(String, JSONValue?)]) {
    for (name, value) in inputs {
      guard case .plain(let text)? = value, let number = Double(text),
        let range = Self.ranges["\(type).\(name)"] ?? Self.ranges[name], !range.contains(number)
      else { continue }
      func shown(_ bound: Double) -> String { NodeTranslation.text(of: bound) }
      refuse(
        index,
        "ComfyUI's \(type) takes a '\(name)' of \(shown(range.lowerBound)) to \(shown(range.upperBound)), and it is \(text)"
      )
    }
  }
}
