import Foundation
import Tensors
import Testing

import DiffusionModels

/// What is true of the formulas whatever the reference; `SamplerParityTests` compares them with diffusers.
@Suite("Solvers")
struct SolverTests {
  private let x = Tensor(shape: [3], values: [1, 2, 3])
  private let y = Tensor(shape: [3], values: [10, -20, 30])

  // MARK: Linear combinations

  @Test func formulasAreMerged() {
    let (x, y) = (LinearCombination(x), LinearCombination(y))
    let a = (x - 0.5 * y) / 0.25
    let b = a + 2 * y - 3 * x
    #expect(b.evaluated().values == [1, 2, 3])
    #expect((b - b + 0.1 * y).evaluated().values == [1, -2, 3])
  }

  /// Weights are rounded once, after they have come together.
  @Test func weightsAreDoubles() {
    let x = LinearCombination(x)
    #expect((1e8 * x + x - 1e8 * x).evaluated().values == [1, 2, 3])
  }

  /// One tensor under two names gives the bits of two tensors with the same elements.
  @Test func identityOfMemoryDoesNotMatter() {
    let x = Tensor(shape: [2], values: [0.1, 0.7])
    let same = (0.3 * LinearCombination(x) + 0.6 * LinearCombination(x)).evaluated()
    let copy = (0.3 * LinearCombination(x) + 0.6 * LinearCombination(Tensor(shape: [2], values: x.values))).evaluated()
    #expect(same.values == copy.values)
  }

  @Test(arguments: [1, 15, 16, 17, 70_001]) func sumsOfManyTensors(_ count: Int) {
    let tensors = (0..<5).map { k in Tensor(shape: [count], values: (0..<count).map { Float(($0 * 7 + k * 3) % 11) }) }
    let terms = tensors.enumerated().map { (weight: Float($0) - 1.5, tensor: $1) }
    let expected = (0..<count).map { i in terms.reduce(Float(0)) { $0 + $1.weight * $1.tensor.values[i] } }
    #expect(count > 100 || Tensor.weightedSum(terms).values == expected)
    let sum = Tensor.weightedSum(terms).values
    for i in [0, count / 2, count - 1] {
      #expect(sum[i] == terms.reduce(Float(0)) { $0 + $1.weight * $1.tensor.withUnsafeBufferPointer { $0[i] } })
    }
  }

  // MARK: Levels

  @Test func measuresOfALevel() {
    let level = NoiseLevel(sigma: 3)
    #expect(abs(level.cumulativeAlpha - 0.1) < 1e-15)
    #expect(abs(level.sigma - 3) < 1e-14 && abs(level.noise / level.signal - 3) < 1e-14)
    #expect(abs(level.lambda + log(3)) < 1e-14)
    #expect(NoiseLevel.clean.sigma == 0 && NoiseLevel.clean.lambda == .infinity && NoiseLevel(sigma: 0).isClean)
    #expect(NoiseLevel(0).sigma == .infinity && NoiseLevel(0).lambda == -.infinity)
  }

  /// From pure noise and from next to it, to next to the clean level and to it, no method gives a NaN.
  @Test func theEndsAreFinite() {
    for start in [0, 0x1p-24, 0.01] {
      for target in [0.9992, 1.0] {
        let (level, end, z) = (NoiseLevel(start), NoiseLevel(target), LinearCombination(x))
        let now = Evaluation(sample: LinearCombination(x), output: LinearCombination(y), kind: .v, level: level)
        var results = [
          now.moved(to: end), ddimStep(now, to: end, eta: 1, noise: z), ddpmStep(now, to: end, noise: z),
          eulerAncestralStep(now, to: end, noise: z), tcdStep(now, through: end, to: end, noise: z),
          lcmStep(now, time: 999, timestepScaling: 10, to: end, noise: z).next,
          eulerAncestralGuidedStep(now, to: end, eta: 1, noise: z),
        ]
        if start > 0 {
          let before = NoiseLevel(start / 2)
          let memory = SolverMemory(
            outputs: [.init(y, level: NoiseLevel(start / 4)), .init(x, level: before)],
            sample: .init(y, level: before), order: 2)
          results.append(ResMultistep(eta: 1).step(now, to: end, memory: memory, noise: z).next)
          results.append(gradientEstimationStep(now, to: end, gamma: 2, memory: memory).next)
          results.append(dpmSolverGuidedStep(now, uncond: now, to: end, memory: memory).next)
          for order in 1...3 {
            results.append(DEISClock(order: order).step(now, to: end, memory: memory).next)
            results.append(ERSDE(order: order).step(now, to: end, memory: memory, noise: z).next)
            for variant in IPNDM.Variant.allCases {
              results.append(IPNDM(order: order, variant: variant).step(now, to: end, memory: memory).next)
            }
            for variant in DPMSolver.Variant.allCases {
              let solver = DPMSDE(order: order, variant: variant, eta: 1)
              results.append(solver.step(now, to: end, memory: memory, noise: end.isClean ? nil : z).next)
            }
            results.append(LMS(order: order).step(now, to: end, memory: memory).next)
            results.append(DEIS(order: order).step(now, to: end, memory: memory).next)
            results.append(UniPC(order: order, variant: .bh1).step(now, to: end, memory: memory).next)
            for algorithm in DPMSolver.Algorithm.allCases where order < 3 || algorithm != .sdeDPMSolver {
              for variant in DPMSolver.Variant.allCases {
                let solver = DPMSolver(algorithm: algorithm, variant: variant)
                for target in [end, level] {
                  results.append(solver.multistep(now, to: target, order: order, memory: memory, noise: z).next)
                }
                results.append(solver.singlestep(now, to: end, order: order, memory: memory, noise: z).next)
              }
            }
          }
        }
        for (index, result) in results.enumerated() {
          #expect(result.evaluated().isFinite, "result \(index) from \(start) to \(target)")
        }
      }
    }
  }

  // MARK: Orders

  /// Data of standard deviation 2: its best prediction of the noise, and where the exact flow leads, are known.
  private struct GaussianModel {
    static let variance = 4.0

    static func deviation(_ level: NoiseLevel) -> Double {
      (level.cumulativeAlpha * variance + 1 - level.cumulativeAlpha).squareRoot()
    }

    static func evaluate(_ sample: Tensor, _ level: NoiseLevel) -> Evaluation {
      let noise = (level.noise / (deviation(level) * deviation(level))) * LinearCombination(sample)
      return Evaluation(
        sample: LinearCombination(sample), output: LinearCombination(noise.evaluated()), kind: .epsilon, level: level)
    }
  }

  /// The error of a run of `count` steps, evenly spread in lambda; the first two, of lower order, are put right.
  private func error(
    _ count: Int, _ step: (Evaluation, NoiseLevel, SolverMemory, Int) -> (LinearCombination, SolverMemory)
  ) -> Double {
    let levels = (0...count).map { NoiseLevel(sigma: exp(1.5 - 3 * Double($0) / Double(count))) }
    let exact = levels.map { Tensor(shape: [1], values: [Float(GaussianModel.deviation($0))]) }
    var (sample, memory) = (exact[0], SolverMemory.empty)
    for index in 0..<count {
      if index <= 2 { sample = exact[index] }
      let (next, kept) = step(GaussianModel.evaluate(sample, levels[index]), levels[index + 1], memory, index)
      (sample, memory) = (next.evaluated(), kept)
    }
    return abs(Double(sample.values[0]) - GaussianModel.deviation(levels[count]))
  }

  /// Twice the steps make the error of a method of order p less by about 2^p.
  @Test func errorsFallAsTheOrderSays() {
    typealias Step = (Evaluation, NoiseLevel, SolverMemory, Int) -> (LinearCombination, SolverMemory)
    func solver(_ algorithm: DPMSolver.Algorithm) -> DPMSolver { DPMSolver(algorithm: algorithm, variant: .heun) }
    var methods: [(name: String, order: Int, step: Step)] = []
    func add(_ name: String, _ order: Int, _ step: @escaping Step) { methods.append((name, order, step)) }
    add("Euler", 1) { now, target, memory, _ in (now.moved(to: target), memory) }
    add("gradient estimation", 1) { now, target, memory, _ in
      gradientEstimationStep(now, to: target, gamma: 2, memory: memory)
    }
    add("res multistep", 2) { now, target, memory, _ in
      ResMultistep(eta: 0).step(now, to: target, memory: memory, noise: nil)
    }
    add("iPNDM variable", 2) { now, target, memory, _ in
      IPNDM(order: 2, variant: .variable).step(now, to: target, memory: memory)
    }
    // D2 is half of what the Taylor series has here too.
    add("DPM-Solver++ SDE without noise, 3M", 2) { now, target, memory, _ in
      DPMSDE(order: 3, variant: .heun, eta: 0).step(now, to: target, memory: memory, noise: nil)
    }
    for variant in DPMSolver.Variant.allCases {
      add("DPM-Solver++ SDE without noise, 2M", 2) { now, target, memory, _ in
        DPMSDE(order: 2, variant: variant, eta: 0).step(now, to: target, memory: memory, noise: nil)
      }
    }
    for order in 2...3 {
      add("UniPC in single precision", 2) { now, target, memory, _ in
        UniPC(order: order, variant: .bh2, arithmetic: .single).step(now, to: target, memory: memory)
      }
      add("LMS", order) { now, target, memory, _ in LMS(order: order).step(now, to: target, memory: memory) }
      add("DEIS", order) { now, target, memory, _ in DEIS(order: order).step(now, to: target, memory: memory) }
      add("UniPC", order) { now, target, memory, _ in
        UniPC(order: order, variant: .bh2).step(now, to: target, memory: memory)
      }
      for algorithm in [DPMSolver.Algorithm.dpmsolver, .dpmsolverPlusPlus] {
        // The reference's D2 is half of what the Taylor series has, so that its third order is a better second.
        add("\(algorithm) multistep", 2) { now, target, memory, _ in
          solver(algorithm).multistep(now, to: target, order: order, memory: memory, noise: nil)
        }
        add("\(algorithm) singlestep", order) { now, target, memory, index in
          solver(algorithm).singlestep(now, to: target, order: index % order + 1, memory: memory, noise: nil)
        }
      }
    }
    for (name, order, step) in methods {
      let (coarse, fine) = (error(24, step), error(48, step))
      let observed = log2(coarse / fine)
      #expect(observed > Double(order) - 0.6, "\(name) of order \(order): errors \(coarse) and \(fine)")
    }
  }
}
