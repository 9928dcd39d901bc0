import GraphEngine
import Tensors

/// Brightness, contrast and saturation, in this order, as Pillow's ImageEnhance changes them: 1 leaves each as it is.
package struct Adjust: Node {
  package static let info = NodeInfo(
    type: "Adjust", version: 1, lane: .compute, summary: "Changes brightness, contrast and saturation of pictures.")

  let image = Input<Image>("image", "The pictures.")
  let brightness = Parameter("brightness", "0 is black.", default: 1.0, min: 0, max: 100)
  let contrast = Parameter("contrast", "0 is the mean luminance everywhere.", default: 1.0, min: 0, max: 100)
  let saturation = Parameter("saturation", "0 is the luminance alone, a grey picture.", default: 1.0, min: 0, max: 100)
  let adjusted = Output<Image>("image", "The pictures, in -1...1.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let factors = (Float(io[brightness]), Float(io[contrast]), Float(io[saturation]))
    let pictures = io[image].tensor
    io[adjusted] = Image(
      Tensor(
        concatenating: (0..<pictures.shape[0]).map { index in
          var picture = pictures.sample(index)
          let black = Tensor(repeating: -1, shape: picture.shape)
          picture = Self.moved(black, picture, by: factors.0)
          if factors.1 != 1 {
            let mean = picture.luminance.withUnsafeBufferPointer { values in
              values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
            }
            picture = Self.moved(Tensor(repeating: Float(mean), shape: picture.shape), picture, by: factors.1)
          }
          if factors.2 != 1 {
            let grey = picture.luminance
            picture = Self.moved(
              Tensor(concatenating: [grey, grey, grey]).reshaped(picture.shape), picture, by: factors.2)
          }
          return picture
        }))
  }

  /// From one picture through another, at 1, and on, as far as colours go.
  private static func moved(_ from: Tensor, _ to: Tensor, by factor: Float) -> Tensor {
    factor == 1 ? to : Tensor.combination(1 - factor, from, factor, to).clamped(to: -1...1)
  }
}

extension Tensor {
  /// The luminance of pictures (ITU-R BT.601): [n, 3, h, w] -> [n, 1, h, w].
  var luminance: Tensor {
    let plane = shape[2] * shape[3]
    return Tensor(shape: [shape[0], 1, shape[2], shape[3]]) { target in
      withUnsafeBufferPointer { source in
        for i in target.indices {
          let red = i / plane * 3 * plane + i % plane
          target[i] = 0.299 * source[red] + 0.587 * source[red + plane] + 0.114 * source[red + 2 * plane]
        }
      }
    }
  }
}
