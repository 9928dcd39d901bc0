import GraphEngine
import Tensors

/// The size that something is to have, in pixels of a picture: one way of saying it at most; without any it stays.
struct TargetSizePorts: PortGroup {
  let width = OptionalParameter<Int>(
    "width", "The width to make, in pixels; without a height the proportions stay.", min: 1,
    max: Double(largestPictureSide))
  let height = OptionalParameter<Int>(
    "height", "The height to make, in pixels; without a width the proportions stay.", min: 1,
    max: Double(largestPictureSide))
  let factor = OptionalParameter<Double>(
    "factor", "What both sides are multiplied by, in place of a size.", min: 0.001, max: 64)
  let fit = Parameter(
    "fit", "Whether other proportions stretch what is there, or what is too much is cut off evenly at first.",
    default: Fit.stretch.rawValue, options: Fit.allCases.map(\.rawValue))

  enum Fit: String, CaseIterable { case stretch, crop }

  func requireOneWay(_ parameters: NodeParameters) throws {
    guard parameters[factor] != nil, parameters[width] != nil || parameters[height] != nil else { return }
    throw NodeFailure(
      "the size is told by 'factor' and by '\(parameters[width] == nil ? height.name : width.name)'", at: factor.name,
      notes: ["one of the two was expected"])
  }

  /// The size, in pixels, of what is `old` now.
  func size(_ parameters: NodeParameters, old: (width: Int, height: Int)) -> (width: Int, height: Int) {
    if let factor = parameters[factor] { return scaled(old, by: factor) }
    switch (parameters[width], parameters[height]) {
    case (let width?, let height?): return (width, height)
    case (let width?, nil): return (width, part(old.height, of: width, from: old.width))
    case (nil, let height?): return (part(old.width, of: height, from: old.height), height)
    case (nil, nil): return old
    }
  }

  /// Halves go to the even number.
  func scaled(_ old: (width: Int, height: Int), by factor: Double) -> (width: Int, height: Int) {
    func side(_ old: Int) -> Int { max(1, Int((Double(old) * factor).rounded(.toNearestOrEven))) }
    return (side(old.width), side(old.height))
  }

  private func part(_ side: Int, of target: Int, from other: Int) -> Int {
    max(1, Int((Double(side) * Double(target) / Double(other)).rounded(.toNearestOrEven)))
  }

  /// Cut, evenly on both sides, to the proportions of a size, where that is asked for.
  func cut(_ tensor: Tensor, _ parameters: NodeParameters, to size: (width: Int, height: Int)) -> Tensor {
    guard parameters[fit] == Fit.crop.rawValue else { return tensor }
    let (height, width) = (tensor.shape[2], tensor.shape[3])
    let (now, wanted) = (Double(width) / Double(height), Double(size.width) / Double(size.height))
    func surplus(_ side: Int, _ ratio: Double) -> Int {
      min(Int((Double(side) * (1 - ratio) / 2).rounded(.toNearestOrEven)), (side - 1) / 2)
    }
    let x = now > wanted ? surplus(width, wanted / now) : 0
    let y = now < wanted ? surplus(height, now / wanted) : 0
    return tensor.region(top: y, left: x, height: height - 2 * y, width: width - 2 * x)
  }
}

/// The longest side of a picture that nodes make: what a PNG file of SavePNG holds.
let largestPictureSide = PNG.largestSide
