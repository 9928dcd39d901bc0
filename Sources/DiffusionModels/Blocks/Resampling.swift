import Safetensors
import Tensors

/// Halves height and width by a strided 3x3 convolution, as diffusers' Downsample2D with `use_conv`.
struct Downsample2D: Sendable {
  let conv: Conv2d

  init(conv: Conv2d) { self.conv = conv }

  /// `padding` is 1 all around in the UNet, one pixel below and on the right in the VAE.
  init(_ weights: WeightScope, channels: Int, padding: Conv2d.Padding) throws {
    conv = try weights.conv("conv", inputs: channels, outputs: channels, stride: 2, padding: padding)
  }

  /// [n, h, w, c] -> [n, about h/2, about w/2, c].
  func callAsFunction(_ x: Tensor) -> Tensor { conv(x) }
}

/// Nearest-neighbour enlarging, then a 3x3 convolution, as diffusers' Upsample2D with `use_conv`.
struct Upsample2D: Sendable {
  let conv: Conv2d

  init(conv: Conv2d) { self.conv = conv }

  init(_ weights: WeightScope, channels: Int) throws {
    conv = try weights.conv("conv", inputs: channels, outputs: channels)
  }

  /// [n, h, w, c] -> [n, height, width, c].
  func callAsFunction(_ x: Tensor, height: Int, width: Int) -> Tensor {
    conv(x.nearestRows(height: height, width: width))
  }
}
