import GraphEngine
import Tensors

/// Pictures of another size, with the results of Pillow's `Image.resize`, whose BOX is called area, or of ComfyUI.
package struct ResizeImage: Node {
  package static let info = NodeInfo(
    type: "ResizeImage", version: 1, lane: .compute,
    summary: "Resizes pictures: to a size, by a factor, to a longer side, to a number of pixels, to multiples.")

  let image = Input<Image>("image", "The pictures.")
  let ports = TargetSizePorts()
  let pixels = OptionalParameter<Int>(
    "pixels", "How many pixels to make, about, with the same proportions, in place of a size.", min: 1,
    max: Double(largestPictureSide * largestPictureSide))
  let longest = OptionalParameter<Int>(
    "longest", "The longer side to make, in pixels, with the same proportions, in place of a size.", min: 1,
    max: Double(largestPictureSide))
  let sizes = OptionalParameter<[String]>(
    "sizes", "Sizes as in 1024x768, of which the one is made that has the nearest proportions, in place of a size.")
  let multiple = Parameter(
    "multiple", "Both sides become multiples of this, the nearest to the size that is asked for.", default: 1, min: 1,
    max: 1024)
  let method = Parameter(
    "method",
    "How pixels are made of those around them; lanczos is the sharpest, area the mean of what a pixel covers.",
    default: PictureFilter.lanczos.rawValue, options: PictureFilter.allCases.map(\.rawValue))
  let convention = OptionalParameter<String>(
    "convention",
    "Whose results: pillow, if left out, or comfyui, whose filters are torch's, which do not widen for smaller pictures, and whose "
      + "lanczos is Pillow's of bytes.", options: Convention.allCases.map(\.rawValue))
  let resized = Output<Image>("image", "The pictures at the new size, or as they are if they have it.")

  private enum Convention: String, CaseIterable { case pillow, comfyui }

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    if parameters[convention] == Convention.pillow.rawValue { parameters[convention] = nil }
    try ports.requireOneWay(parameters)
    let names = [sizes.name, pixels.name, longest.name, ports.width.name, ports.height.name, ports.factor.name]
    let given = names.filter { parameters.values[$0] ?? .absent != .absent }
    if given.count > 1, [sizes.name, pixels.name, longest.name].contains(given[0]) {
      throw NodeFailure(
        "the size is told by '\(given[0])' and by '\(given[1])'", at: given[0], notes: ["one of the two was expected"])
    }
    if let texts = parameters[sizes] { _ = try choices(texts) }
  }

  private func choices(_ texts: [String]) throws -> [(width: Int, height: Int)] {
    guard !texts.isEmpty else { throw NodeFailure("'sizes' is empty; one size at least was expected", at: sizes.name) }
    return try texts.map { text in
      let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard sides.count == 2, sides.allSatisfy({ (1...largestPictureSide).contains($0) }) else {
        throw NodeFailure(
          "'\(text)' is no size; width and height as in 1024x768 were expected, each 1 to \(largestPictureSide)",
          at: sizes.name)
      }
      return (sides[0], sides[1])
    }
  }

  package func run(_ io: inout NodeIO) throws {
    guard let filter = PictureFilter(rawValue: io[method]) else { preconditionFailure("'method' was not validated") }
    let picture = io[image].tensor
    let size = try size(io.parameters, old: (picture.shape[3], picture.shape[2]))
    guard max(size.width, size.height) <= largestPictureSide else {
      throw NodeFailure(
        "a picture of \(sizeText(picture)) would be \(size.width)x\(size.height), more than \(largestPictureSide) a side",
        at: io[ports.factor] == nil ? nil : ports.factor.name)
    }
    let cut = ports.cut(picture, io.parameters, to: size)
    let isComfyUI = io[convention] == Convention.comfyui.rawValue
    io[resized] = Image(
      isComfyUI
        ? cut.resizedAsComfyUI(height: size.height, width: size.width, filter)
        : cut.resizedPicture(height: size.height, width: size.width, filter, in: -1...1))
  }

  private func size(_ parameters: NodeParameters, old: (width: Int, height: Int)) throws -> (width: Int, height: Int) {
    var size = ports.size(parameters, old: old)
    if let texts = parameters[sizes] {
      func difference(_ size: (width: Int, height: Int)) -> Double {
        abs(Double(old.width) / Double(old.height) - Double(size.width) / Double(size.height))
      }
      size = try choices(texts).min { (difference($0), $0.width) < (difference($1), $1.width) } ?? size
    }
    if let longest = parameters[longest] {
      let shorter = Double(min(old.width, old.height)) / Double(max(old.width, old.height)) * Double(longest)
      let other = max(1, Int(shorter.rounded(.toNearestOrEven)))
      size = old.width >= old.height ? (longest, other) : (other, longest)
    }
    if let pixels = parameters[pixels] {
      size = ports.scaled(old, by: (Double(pixels) / Double(old.width * old.height)).squareRoot())
    }
    let multiple = parameters[multiple]
    func rounded(_ side: Int) -> Int { max(1, (side + multiple / 2) / multiple) * multiple }
    return (rounded(size.width), rounded(size.height))
  }
}
