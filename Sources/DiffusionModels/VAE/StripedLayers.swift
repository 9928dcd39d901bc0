import Tensors

/// How large the strips of rows are in which large pictures are worked out, layer by layer.
///
/// Each layer sees all of what the layer before made, kept in half precision, and normalisations the statistics of all of it.
/// So strips have no seams, and nothing is computed twice: what differs from the whole is rounding.
package struct StripSize: Sendable {
  /// The most pixels of a strip, in a layer's own resolution; what has no more is worked out as a whole.
  let pixels: Int
  /// Called before each strip; what it throws ends the work.
  let check: @Sendable () throws -> Void

  /// As many pixels as a square with sides of `side` has.
  package init(side: Int, check: @escaping @Sendable () throws -> Void = {}) {
    (pixels, self.check) = (side * side, check)
  }

  func holds(_ size: (height: Int, width: Int)) -> Bool { size.height * size.width <= pixels }

  /// Rows of a picture of this size, in strips of a multiple of 4 rows, which is what convolutions take at once.
  func forEachStrip(height: Int, width: Int, _ body: (Range<Int>) throws -> Void) throws {
    let rows = max(pixels / width / 4 * 4, 4)
    for first in stride(from: 0, to: height, by: rows) {
      try check()
      try body(first..<min(first + rows, height))
    }
  }
}

/// A layer of an autoencoder, on whole pictures or in strips.
protocol StripedLayer: Sendable {
  /// The size of what it makes of a picture.
  func outputSize(height: Int, width: Int) -> (height: Int, width: Int)

  /// [n, h, w, c] -> [n, h', w', c'].
  func callAsFunction(_ x: Tensor) -> Tensor

  /// The same of one picture, whose rows are given back as soon as no strip needs them.
  func inStrips(_ x: StripedImage, _ size: StripSize) throws -> StripedImage
}

extension StripSize {
  /// What layers make of one picture [1, h, w, c], one after the other: those whose input and output fit, as a whole.
  func run(_ layers: [any StripedLayer], on picture: Tensor) throws -> StripedImage {
    var x = Made.whole(picture)
    for layer in layers {
      let fits = holds(x.size) && holds(layer.outputSize(height: x.size.height, width: x.size.width))
      if !fits { TensorMemory.giveBackTensors() }
      try check()
      x = fits ? .whole(layer(x.tensor)) : .strips(try layer.inStrips(x.taken(), self))
    }
    return x.taken()
  }

  private enum Made {
    case whole(Tensor)
    case strips(StripedImage)

    var size: (height: Int, width: Int) {
      switch self {
      case .whole(let tensor): (tensor.shape[1], tensor.shape[2])
      case .strips(let image): (image.height, image.width)
      }
    }

    var tensor: Tensor {
      switch self {
      case .whole(let tensor): tensor
      case .strips(let image): image.tensor
      }
    }

    /// As strips; what this holds itself is let go, so that rows can be given back.
    mutating func taken() -> StripedImage {
      defer { self = .whole(.zeros([1, 0, 0, 0])) }
      return switch self {
      case .whole(let tensor): StripedImage(tensor)
      case .strips(let image): image
      }
    }
  }
}

// MARK: - Layers

extension Range<Int> {
  /// With so many more on both sides, as far as there are any.
  func grown(by count: Int, within all: Range<Int>) -> Range<Int> {
    Swift.max(lowerBound - count, all.lowerBound)..<Swift.min(upperBound + count, all.upperBound)
  }
}

extension Conv2d {
  /// A 3x3 layer that makes rows `rows` of a picture of `height`, given these with a row above and below where there are any.
  fileprivate func making(_ rows: Range<Int>, of height: Int) -> Conv2d {
    padded(Padding(top: rows.lowerBound == 0 ? 1 : 0, left: 1, bottom: rows.upperBound == height ? 1 : 0, right: 1))
  }
}

/// A 3x3 convolution that keeps the size, and a rectifier where one follows.
struct SameSizeConvolution: StripedLayer {
  let conv: Conv2d
  var isRectified = false

  func outputSize(height: Int, width: Int) -> (height: Int, width: Int) { (height, width) }
  func callAsFunction(_ x: Tensor) -> Tensor { rectified(conv(x)) }

  private func rectified(_ x: Tensor) -> Tensor { isRectified ? x.rectified(slope: 0) : x }

  func inStrips(_ x: StripedImage, _ size: StripSize) throws -> StripedImage {
    let made = StripedImage(height: x.height, width: x.width, channels: conv.outputs)
    try size.forEachStrip(height: x.height, width: x.width) { rows in
      made.append(rectified(conv.making(rows, of: x.height)(x.rows(rows.grown(by: 1, within: 0..<x.height)))))
      x.release(before: rows.upperBound - 1)
    }
    return made
  }
}

extension Upsample2D: StripedLayer {
  func outputSize(height: Int, width: Int) -> (height: Int, width: Int) { (2 * height, 2 * width) }
  func callAsFunction(_ x: Tensor) -> Tensor { self(x, height: 2 * x.shape[1], width: 2 * x.shape[2]) }

  func inStrips(_ x: StripedImage, _ size: StripSize) throws -> StripedImage {
    let (height, width) = (2 * x.height, 2 * x.width)
    let made = StripedImage(height: height, width: width, channels: conv.outputs)
    try size.forEachStrip(height: height, width: width) { rows in
      let seen = rows.grown(by: 1, within: 0..<height)
      let source = seen.lowerBound / 2..<(seen.upperBound + 1) / 2
      made.append(conv.making(rows, of: height)(x.rows(source).doubledRows(seen, from: source.lowerBound)))
      x.release(before: (rows.upperBound - 1) / 2)
    }
    return made
  }
}

extension Downsample2D: StripedLayer {
  func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
    conv.outputSize(height: height, width: width)
  }

  func inStrips(_ x: StripedImage, _ size: StripSize) throws -> StripedImage {
    let (height, width) = outputSize(height: x.height, width: x.width)
    let made = StripedImage(height: height, width: width, channels: conv.outputs)
    let padding = conv.padding
    try size.forEachStrip(height: height, width: width) { rows in
      let (first, end) = (2 * rows.lowerBound - padding.top, 2 * rows.upperBound + 1 - padding.top)
      let seen = max(first, 0)..<min(end, x.height)
      let layer = conv.padded(
        Conv2d.Padding(
          top: seen.lowerBound - first, left: padding.left, bottom: end - seen.upperBound, right: padding.right))
      made.append(layer(x.rows(seen)))
      x.release(before: end - 1)
    }
    return made
  }
}

extension ResnetBlock2D: StripedLayer {
  func outputSize(height: Int, width: Int) -> (height: Int, width: Int) { (height, width) }
  func callAsFunction(_ x: Tensor) -> Tensor { self(x, timeBias: nil) }

  func inStrips(_ x: StripedImage, _ size: StripSize) throws -> StripedImage {
    let (height, width, channels) = (x.height, x.width, conv1.outputs)
    func image() -> StripedImage { StripedImage(height: height, width: width, channels: channels) }
    let (hidden, made) = (image(), image())
    // The shortcut is made along, so that the input can go: there are never three pictures at once.
    let residual = shortcut == nil ? x : image()
    try size.forEachStrip(height: height, width: width) { rows in
      let seen = x.rows(rows.grown(by: 1, within: 0..<height))
      hidden.append(
        conv1.making(rows, of: height)(norm1.rows(of: seen, statistics: x.statistics, silu: true)))
      guard let shortcut else { return }
      residual.append(shortcut(x.rows(rows)))
      x.release(before: rows.upperBound - 1)
    }
    if shortcut != nil { x.release(before: height) }
    try size.forEachStrip(height: height, width: width) { rows in
      let seen = hidden.rows(rows.grown(by: 1, within: 0..<height))
      made.append(
        conv2.making(rows, of: height)(
          norm2.rows(of: seen, statistics: hidden.statistics, silu: true), residual: residual.rows(rows)))
      hidden.release(before: rows.upperBound - 1)
      residual.release(before: rows.upperBound)
    }
    return made
  }
}

/// The end of an autoencoder's half: a normalisation and SiLU, which small ones lack, and a 3x3 convolution.
struct VAEOutput: Sendable {
  let norm: GroupNorm?
  let conv: Conv2d

  /// [n, h, w, c] -> [n, h, w, c'].
  func callAsFunction(_ x: Tensor) -> Tensor {
    norm.map { conv($0.rows(of: x, silu: true)) } ?? conv(x)
  }

  /// The same of one picture, in single precision: [1, h, w, c'].
  func inStrips(_ x: StripedImage, _ size: StripSize) throws -> Tensor {
    var strips: [Tensor] = []
    try size.forEachStrip(height: x.height, width: x.width) { rows in
      let seen = x.rows(rows.grown(by: 1, within: 0..<x.height))
      let layer = conv.making(rows, of: x.height)
      let made = norm.map { layer($0.rows(of: seen, statistics: x.statistics, silu: true)) } ?? layer(seen)
      strips.append(made.reshaped([rows.count, x.width, conv.outputs]))
      x.release(before: rows.upperBound - 1)
    }
    return Tensor(concatenating: strips).reshaped([1, x.height, x.width, conv.outputs])
  }
}
