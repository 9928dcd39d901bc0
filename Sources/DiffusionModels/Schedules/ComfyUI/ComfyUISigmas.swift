import Foundation

/// ComfyUI's schedulers (comfy/samplers.py and k_diffusion/sampling.py, 0.8.0), in their order of operations.
struct ComfyUISigmas {
  let noise: ComfyUINoise
  let table: [Float]
  /// The two shapes of the `beta` curve.
  let shapes: (Double, Double)

  init(_ noise: ComfyUINoise, shapes: (Double, Double) = (0.6, 0.6)) {
    self.noise = noise
    self.shapes = shapes
    table = noise.sigmas
  }

  private var least: Float { table[0] }
  private var most: Float { table[table.count - 1] }

  /// The sigmas of `count` steps, and the 0 at the end; ddim_uniform may have more, and beta fewer.
  func list(_ curve: SigmaCurve, _ count: Int) -> [Float] {
    switch curve {
    case .simple, .plain: simple(count) + [0]
    case .normal: times(count).map(noise.sigma) + [0]
    case .sgmUniform: times(count + 1).dropLast().map(noise.sigma) + [0]
    case .ddimUniform: uniform(count) + [0]
    case .beta: beta(count) + [0]
    case .karras: karras(count) + [0]
    case .exponential: exponential(count) + [0]
    case .klOptimal: optimal(count) + [0]
    case .linearQuadratic: linearQuadratic(count)
    case .flux2: []
    }
  }

  private func simple(_ count: Int) -> [Float] {
    let stride = Double(table.count) / Double(count)
    return (0..<count).map { table[table.count - 1 - Int(Double($0) * stride)] }
  }

  /// Even times from the most noise to the least.
  ///
  /// A flow's times are its sigmas, which are shifted already, and are shifted again.
  private func times(_ count: Int) -> [Float] {
    TrainingNoise.linspace(Double(noise.time(of: most)), Double(noise.time(of: least)), count)
  }

  private func uniform(_ count: Int) -> [Float] {
    stride(from: 1, to: table.count, by: max(table.count / count, 1)).reversed().map { table[$0] }
  }

  private func beta(_ count: Int) -> [Float] {
    let distribution = BetaDistribution(shapes.0, shapes.1)
    let places = (0..<count).map { step in
      // In the middle of a symmetrical distribution the place is between two entries, and nothing may tip it.
      let isMiddle = shapes.0 == shapes.1 && 2 * step == count
      let quantile = isMiddle ? 0.5 : distribution.quantile(1 - Double(step) * (1 / Double(count)))
      return Int((quantile * Double(table.count - 1)).rounded(.toNearestOrEven))
    }
    return places.enumerated().filter { $0.offset == 0 || $0.element != places[$0.offset - 1] }.map {
      table[$0.element]
    }
  }

  private func karras(_ count: Int) -> [Float] {
    let (start, end) = (pow(Double(most), 1 / 7), pow(Double(least), 1 / 7))
    let (first, span) = (Float(start), Float(end - start))
    return TrainingNoise.linspace(0, 1, count).map { pow(first + $0 * span, 7) }
  }

  private func exponential(_ count: Int) -> [Float] {
    TrainingNoise.linspace(log(Double(most)), log(Double(least)), count).map { exp($0) }
  }

  /// tan of an even way from atan of the most to atan of the least (Sabour and others 2024, Align Your Steps, the optimum
  /// for a Gaussian).
  private func optimal(_ count: Int) -> [Float] {
    let (least, most) = (Float(atan(Double(least))), Float(atan(Double(most))))
    return (0..<count).map { step in
      let part = Float(step) / Float(max(count - 1, 1))
      return tan(part * least + (1 - part) * most)
    }
  }

  /// Half of the steps in even parts of the first 2.5 % of noise, the others along a parabola to 0 (Movie Gen, section 3.4.2).
  private func linearQuadratic(_ count: Int) -> [Float] {
    guard count > 1 else { return [most, 0] }
    let threshold = 0.025
    let linear = count / 2
    let (steps, rest) = (Double(linear), Double(count - linear))
    let difference = steps - threshold * Double(count)
    let quadratic = difference / (steps * rest * rest)
    let slope = threshold / steps - 2 * difference / (rest * rest)
    let constant = quadratic * steps * steps
    var removed = (0..<linear).map { Double($0) * threshold / steps }
    for step in linear..<count {
      let step = Double(step)
      removed.append(quadratic * (step * step) + slope * step + constant)
    }
    removed.append(1)
    return removed.map { Float(1 - $0) * most }
  }
}
