import GraphEngine
import Tensors

/// A picture from a PNG or JPEG file, as diffusers' `load_image` reads it.
package struct LoadImage: Node {
  package static let info = NodeInfo(
    type: "LoadImage", version: 2, lane: .io, summary: "Reads a picture from a PNG or JPEG file, turned as it says.")

  let path = Parameter<String>("path", "A PNG or JPEG file.", path: .read)
  let image = Output<Image>("image", "The picture in -1...1, its colours as they are stored where it is not opaque.")
  let mask = Output<Mask>(
    "mask", "What is not opaque: 1 - alpha; 0 everywhere without an alpha channel.", isAside: true)

  package init() {}

  package func sources(_ parameters: NodeParameters) -> [NodeSource] { [NodeSource(parameters[path])] }

  package func run(_ io: inout NodeIO) throws {
    let path = io[path]
    do {
      let picture = try DecodedPicture(ByteSource(path: path))
      let shape = picture.image.tensor.shape
      io[image] = picture.image
      io[mask] = picture.mask ?? Mask(.zeros([1, 1, shape[2], shape[3]]))
    } catch let error as PictureError {
      throw NodeFailure("'\(path)': \(error.message)", at: self.path.name)
    } catch let error as PNGError {
      throw NodeFailure("'\(path)': \(error.message)", at: self.path.name)
    } catch let error as JPEGError {
      throw NodeFailure("'\(path)': \(error.message)", at: self.path.name)
    } catch let error as FileError {
      throw NodeFailure(error.message, at: self.path.name)
    }
  }
}
