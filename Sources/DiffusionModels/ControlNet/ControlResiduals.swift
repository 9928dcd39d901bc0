import Tensors

/// What ControlNets and adapters add inside a UNet, [1 or n, c, h, w] each.
package struct ControlResiduals: Sendable, Equatable {
  /// Added to what the way up gets of the way down, in the order in which that is kept; none of an adapter.
  package var skips: [Tensor]
  /// Added behind the middle.
  package var middle: Tensor?
  /// Added at the ends of the levels on the way down, by adapters; one more goes behind the middle.
  package var levels: [Tensor]

  package init(skips: [Tensor] = [], middle: Tensor? = nil, levels: [Tensor] = []) {
    (self.skips, self.middle, self.levels) = (skips, middle, levels)
  }

  /// What is added inside a level of the way down, or behind the middle.
  func inside(_ level: Int) -> Tensor? { levels.indices.contains(level) ? levels[level] : nil }

  /// Every number times a factor.
  package func scaled(by factor: Float) -> ControlResiduals {
    ControlResiduals(
      skips: skips.map { factor * $0 }, middle: middle.map { factor * $0 }, levels: levels.map { factor * $0 })
  }

  /// Several together, which must be of one UNet and size.
  ///
  /// Throws `ModelError` for those that are not.
  package init(adding all: [ControlResiduals]) throws {
    func sums(_ lists: [[Tensor]]) throws -> [Tensor] {
      try lists.filter { !$0.isEmpty }.reduce(into: []) { sums, list in
        if sums.isEmpty {
          sums = list
          return
        }
        guard sums.count == list.count else {
          throw ModelError("one control is for \(list.count) places, another for \(sums.count); one UNet was expected")
        }
        sums = try zip(sums, list).map { try $0.addingSamples(of: $1) }
      }
    }
    skips = try sums(all.map(\.skips))
    middle = try sums(all.map { $0.middle.map { [$0] } ?? [] }).first
    levels = try sums(all.map(\.levels))
  }

  /// The shapes [c, h, w] that a UNet takes for a latent.
  struct Shapes {
    var skips: [[Int]] = []
    var middle: [Int]
    /// Of the levels with attention and of those without: what is added behind the downsampling of the latter.
    var levels: [[Int]] = []
    let samples: Int

    init(_ config: UNetConfig, latent: [Int]) {
      samples = latent[0]
      var (height, width) = (latent[2], latent[3])
      skips.append([config.levels[0].channels, height, width])
      for (index, level) in config.levels.enumerated() {
        for _ in 0..<level.layerCount { skips.append([level.channels, height, width]) }
        let inside = [level.channels, height, width]
        if index < config.levels.count - 1 {
          (height, width) = ((height + 1) / 2, (width + 1) / 2)
          skips.append([level.channels, height, width])
        }
        levels.append(level.downHasAttention ? inside : [level.channels, height, width])
      }
      middle = [config.levels[config.levels.count - 1].channels, height, width]
    }
  }

  /// Throws `ModelError` where a shape is not what a UNet takes.
  func check(against shapes: Shapes) throws {
    func check(_ tensors: [Tensor], _ expected: [[Int]], _ what: String) throws {
      guard
        tensors.isEmpty || tensors.count == expected.count || what == "levels" && tensors.count == expected.count + 1
      else {
        throw ModelError("the control is for \(tensors.count) \(what); the UNet has \(expected.count)")
      }
      for (tensor, shape) in zip(tensors, expected)
      where Array(tensor.shape.dropFirst()) != shape || ![1, shapes.samples].contains(tensor.shape[0]) {
        throw ModelError(
          "the control adds \(tensor.shape) where the UNet has \([shapes.samples] + shape); one of the same family, for a latent "
            + "of the same size, was expected")
      }
    }
    try check(skips, shapes.skips, "places")
    try check(middle.map { [$0] } ?? [], [shapes.middle], "middles")
    try check(levels, shapes.levels, "levels")
  }
}

extension Tensor {
  /// The sum of two of one shape but for the number of samples, of which one may have one alone.
  fileprivate func addingSamples(of other: Tensor) throws -> Tensor {
    guard shape.dropFirst() == other.shape.dropFirst(),
      shape[0] == other.shape[0] || [shape[0], other.shape[0]].contains(1)
    else { throw ModelError("one control adds \(other.shape), another \(shape); latents of one size were expected") }
    let samples = max(shape[0], other.shape[0])
    return repeated(toSamples: samples) + other.repeated(toSamples: samples)
  }
}
