import Tensors
import Weights

/// Real-ESRGAN's small network: convolutions at the size of the picture, whose last channels are squares of pixels that are
/// added to the picture, enlarged by repeating pixels.
struct CompactUpscaler: UpscalingNetwork {
  private let convolutions: [Conv2d]
  /// Slopes between the convolutions, [c] each.
  private let slopes: [Tensor]
  private let scale: Int

  init(_ weights: WeightScope, _ config: UpscalerConfig, convolutions: Int) throws {
    let (features, last) = (config.features, convolutions - 1)
    scale = config.scale
    self.convolutions = try (0..<convolutions).map {
      try weights.conv(
        "body.\(2 * $0)", inputs: $0 == 0 ? 3 : features,
        outputs: $0 == last ? 3 * config.scale * config.scale : features)
    }
    slopes = try (0..<last).map { try weights.scope("body", 2 * $0 + 1).tensor("weight", [features]) }
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    var deep = x
    for (conv, slopes) in zip(convolutions, slopes) { deep = conv(deep).rectified(slopes: slopes) }
    let added = convolutions[convolutions.count - 1](deep).pixelsShuffled(scale)
    return x.resizedNearest(height: x.shape[1] * scale, width: x.shape[2] * scale) + added
  }
}
