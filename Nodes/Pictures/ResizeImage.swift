import GraphEngine
import Tensors

/// Pictures of another size, with the results of Pillow's `Image.resize`; its BOX is called area.
package struct ResizeImage: Node {
  package static let info = NodeInfo(
    type: "ResizeImage", version: 1, lane: .compute,
    summary: "Resizes pictures: to a size, by a factor, to a number of pixels, to multiples.")

  let image = Input<Image>("image", "The pictures.")
  let ports = TargetSizePorts()
  let pixels = OptionalParameter<Int>(
    "pixels", "How many pixels to make, about, with the same proportions, in place of a size.", min: 1,
    max: Double(largestPictureSide * largestPictureSide))
  let multiple = Parameter(
    "multiple", "Both sides become multiples of this, the nearest to the size that is asked for.", default: 1, min: 1,
    max: 1024)
  let method = Parameter(
    "method",
    "How pixels are made of those around them; lanczos is the sharpest, area the mean of what a pixel covers.",
    default: PictureFilter.lanczos.rawValue, options: PictureFilter.allCases.map(\.rawValue))
  let resized = Output<Image>("image", "The pictures at the new size, or as they are if they have it.")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    try ports.requireOneWay(parameters)
    guard parameters[pixels] != nil else { return }
    for name in [ports.width.name, ports.height.name, ports.factor.name]
    where parameters.values[name] ?? .absent != .absent {
      throw NodeFailure(
        "the size is told by 'pixels' and by '\(name)'", at: pixels.name, notes: ["one of the two was expected"])
    }
  }

  package func run(_ io: inout NodeIO) throws {
    guard let filter = PictureFilter(rawValue: io[method]) else { preconditionFailure("'method' was not validated") }
    let picture = io[image].tensor
    let size = size(io.parameters, old: (picture.shape[3], picture.shape[2]))
    guard max(size.width, size.height) <= largestPictureSide else {
      throw NodeFailure(
        "a picture of \(sizeText(picture)) would be \(size.width)x\(size.height), more than \(largestPictureSide) a side",
        at: io[ports.factor] == nil ? nil : ports.factor.name)
    }
    let cut = ports.cut(picture, io.parameters, to: size)
    io[resized] = Image(cut.resizedPicture(height: size.height, width: size.width, filter, in: -1...1))
  }

  private func size(_ parameters: NodeParameters, old: (width: Int, height: Int)) -> (width: Int, height: Int) {
    var size = ports.size(parameters, old: old)
    if let pixels = parameters[pixels] {
      size = ports.scaled(old, by: (Double(pixels) / Double(old.width * old.height)).squareRoot())
    }
    let multiple = parameters[multiple]
    func rounded(_ side: Int) -> Int { max(1, (side + multiple / 2) / multiple) * multiple }
    return (rounded(size.width), rounded(size.height))
  }
}
