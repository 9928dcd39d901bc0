import DiffusionModels
import GraphEngine
import Tensors

/// Pictures as the states of an encoder, as ComfyUI's CLIPVisionEncode makes them.
package struct EncodePicture: Node {
  enum Crop: String, CaseIterable { case center, none }

  package static let info = NodeInfo(
    type: "EncodePicture", version: 1, lane: .compute, summary: "Encodes pictures with an encoder of pictures.")

  let encoder = Input<PictureEncoderHandle>("encoder", "The encoder.")
  let image = Input<Image>("image", "The pictures, of any size.")
  let crop = Parameter(
    "crop", "Whether the middle of a picture is seen, a square, or all of it, made square.",
    default: Crop.center.rawValue, options: Crop.allCases.map(\.rawValue))
  let states = Output<PlainTensor>("states", "The states of all tokens, [n, t, d].")
  let pooled = Output<PlainTensor>("pooled", "Of CLIP a vector for each picture, [n, p]; of SigLIP the mean state.")
  let deep = Output<PlainTensor>(
    "deep", "The states after the 20th, 11th and 2nd layer from the end, [3 n, t, d], for ProjectStyle.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    let encoder = try io[encoder].lazy.model(at: encoder.name)
    let encoding = encoder(io[image].tensor, isStretched: io[crop] == Crop.none.rawValue)
    io[states] = PlainTensor(tensor: encoding.states, metadata: [:])
    io[deep] = PlainTensor(tensor: encoding.deep, metadata: [:])
    io[pooled] = PlainTensor(tensor: encoding.pooled ?? encoding.states.meanOfTokens, metadata: [:])
  }
}

extension Tensor {
  /// [n, t, d] -> [n, d].
  fileprivate var meanOfTokens: Tensor {
    let (count, tokens, width) = (shape[0], shape[1], shape[2])
    return Tensor(shape: [count, width]) { target in
      withUnsafeBufferPointer { source in
        for sample in 0..<count {
          for column in 0..<width {
            var sum = 0.0
            for token in 0..<tokens { sum += Double(source[(sample * tokens + token) * width + column]) }
            target[sample * width + column] = Float(sum / Double(tokens))
          }
        }
      }
    }
  }
}
