import GraphEngine
import Tensors

/// Masks [n, 1, h, w] in 0...1: what is 1 changes, or is taken; what is 0 stays.
///
/// One rule holds for masks of another size, wherever they are wired: a mask of the same proportions is resized, one of
/// others refused.
package struct Mask: TensorValue {
  package static let wireType = WireType("mask", shape: ["n", "1", "h", "w"])

  package let tensor: Tensor
  var metadata: [String: String] { [:] }

  /// What is outside 0...1 is cut off.
  package init(_ tensor: Tensor) { self.tensor = tensor.clamped(to: 0...1) }
  init(tensor: Tensor, metadata: [String: String]) { self.init(tensor) }
}

extension Mask {
  /// The mask at the size of a picture [n, c, h, w]: resized as ResizeImage's `bilinear` does, with a note.
  ///
  /// Throws `NodeFailure` at `port` for other proportions, and for a number of masks that fits neither one nor all pictures.
  func fitted(to picture: Tensor, called subject: String, at port: String, warn: (String, String?) -> Void) throws
    -> Tensor
  {
    try requireFit(to: picture, called: subject, at: port)
    let (height, width) = (picture.shape[2], picture.shape[3])
    guard (tensor.shape[2], tensor.shape[3]) != (height, width) else { return tensor }
    warn("the mask is \(sizeText(tensor)), but \(subject) is \(sizeText(picture)); it is resized", port)
    return tensor.resizedPicture(height: height, width: width, .bilinear, in: 0...1)
  }

  /// The mask with one number for each cell of a latent [n, c, h, w].
  ///
  /// Throws `NodeFailure` as `fitted` does.
  func cells(of latent: Tensor, _ reduction: CellReduction, at port: String) throws -> Tensor {
    try requireFit(to: latent, called: "the latent", at: port)
    let (height, width) = (latent.shape[2], latent.shape[3])
    switch reduction {
    case .mean: return tensor.resizedPicture(height: height, width: width, .area, in: 0...1)
    case .first: return tensor.resizedLatent(height: height, width: width, .nearest)
    case .bilinear: return tensor.resizedLatent(height: height, width: width, .bilinear)
    }
  }

  /// Proportions agree where the mask, made as high as the picture, is as wide to within a pixel of either.
  private func requireFit(to picture: Tensor, called subject: String, at port: String) throws {
    let (mask, shape) = (tensor.shape, picture.shape)
    let difference = abs(mask[3] * shape[2] - mask[2] * shape[3])
    guard difference <= max(shape[2], mask[2]) else {
      throw NodeFailure(
        "the mask is \(sizeText(tensor)), but \(subject) is \(sizeText(picture)), of other proportions", at: port,
        notes: ["cut a mask by Crop, of its picture, or make it of one of this size"])
    }
    guard [1, shape[0]].contains(mask[0]) else {
      throw NodeFailure(
        "there are \(mask[0]) masks for \(shape[0]); one, or one for each, was expected", at: port)
    }
  }
}

/// How a cell of a latent gets its number from the mask's pixels that it stands for.
enum CellReduction: String, CaseIterable {
  /// Their mean.
  case mean
  /// That of the first, as diffusers' inpainting pipelines do.
  case first
  /// Linear between pixels around the cell's centre, as ComfyUI does.
  case bilinear
}

/// As in `64x48`: width, then height.
func sizeText(_ tensor: Tensor) -> String { "\(tensor.shape[3])x\(tensor.shape[2])" }
