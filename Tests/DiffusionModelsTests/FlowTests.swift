import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

/// What `make_flow_fixtures.py` wrote.
private struct FlowFixture {
  struct Cases: Decodable {
    struct Options: Decodable {
      let steps: Int
      let tokens: Int?
      let klein: Bool?
      let spacing: String?
      let curve: String?
      let sigmas: [Double]?
      let shift: Double?
    }
    struct Case: Decodable {
      let convention: ScheduleConvention
      let config: Int
      let options: Options
      /// Those of the steps, and that of the end.
      let sigmas: [Double]
      let times: [Double]
    }
    struct Run: Decodable {
      let name: String
      let convention: ScheduleConvention
      let steps: Int
    }
    let configs: [[String: JSONValue]]
    let schedules: [Case]
    let runs: [Run]

    var shift3: [String: JSONValue] { configs[0] }
    var dev: [String: JSONValue] { configs[1] }
  }

  let cases: Cases
  let reader: SafetensorsReader

  init() throws {
    let folder = "\(Fixture.folder)/flow"
    cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/flow.json")))
    reader = try SafetensorsReader(path: "\(folder)/flow.safetensors")
  }

  func config(_ values: [String: JSONValue]) throws -> SchedulerConfig {
    try SchedulerConfig(ConfigFile(path: "scheduler_config.json", values: values))
  }
}

@Suite("Flow models") struct FlowTests {
  private let fixture: FlowFixture

  init() throws { fixture = try FlowFixture() }

  /// 1 - level, which is sigma.
  private func sigmas(_ schedule: Schedule) -> [Double] {
    schedule.starts.map { 1 - schedule.levels[$0] } + [1 - schedule.endLevel]
  }

  private func schedule(
    _ config: [String: JSONValue], _ convention: ScheduleConvention, steps: Int,
    _ change: (inout ScheduleOptions) -> Void = { _ in }
  ) throws -> Schedule {
    var options = ScheduleOptions(steps: steps, convention: convention)
    change(&options)
    return try Schedule(fixture.config(config), options)
  }

  private func expectClose(_ actual: [Double], _ expected: [Double], within: Double, _ name: String) {
    #expect(actual.count == expected.count, "\(name)")
    for (a, b) in zip(actual, expected) { #expect(abs(a - b) <= within, "\(name): \(actual), not \(expected)") }
  }

  // MARK: Schedules

  /// Sigmas and times of the classes, to the last digit of single precision.
  @Test func schedulesAreThoseOfDiffusers() throws {
    #expect(fixture.cases.schedules.count > 120)
    for example in fixture.cases.schedules {
      let wanted = example.options
      var config = try fixture.config(fixture.cases.configs[example.config])
      if wanted.klein == true { config = config.bent(by: .flux2) }
      var options = ScheduleOptions(steps: wanted.steps, convention: example.convention)
      options.spacing = wanted.spacing.flatMap(TimestepSpacing.init)
      options.curve = wanted.curve.flatMap(SigmaCurve.init)
      (options.sigmas, options.shift, options.imageTokens) = (wanted.sigmas, wanted.shift, wanted.tokens)
      let schedule = try Schedule(config, options)
      let name = "\(example.convention) \(example.config) \(wanted)"
      expectClose(sigmas(schedule), example.sigmas, within: 6e-8, name)
      // Whole times are equal but where rounding decides between two.
      let isWhole = example.times.allSatisfy { $0 == $0.rounded() }
      expectClose(schedule.timesteps, example.times, within: isWhole ? 0 : 6.2e-5, name)
      #expect(schedule.startsFromNoise || wanted.sigmas != nil, "\(name)")
    }
  }

  /// What the published lists are.
  @Test func listsThatAreKnown() throws {
    func expect(_ schedule: Schedule, _ known: [Double]) {
      expectClose(sigmas(schedule), known, within: 6e-6, "\(schedule.convention)")
    }
    let (one, three) = (fixture.cases.shift3.merging(["shift": .float(1)]) { $1 }, fixture.cases.shift3)
    expect(try schedule(one, .unipc, steps: 4), [0.999999, 0.75025, 0.5005, 0.25075, 0])
    expect(try schedule(one, .dpm, steps: 4), [0.999, 0.74925, 0.4995, 0.24975, 0])
    expect(try schedule(three, .unipc, steps: 4), [0.999999, 0.90012, 0.75037, 0.501, 0].map { $0 })
    expect(try schedule(three, .dpm, steps: 4), [0.99967, 0.89964, 0.74962, 0.49967, 0])
    expect(try schedule(three, .k, steps: 4), [1, 0.9, 0.75, 0.5, 0])
    expect(
      try schedule(three, .k, steps: 8), [1, 0.954545, 0.9, 0.833333, 0.75, 0.642857, 0.5, 0.3, 0])
    expect(try schedule(three, .k, steps: 4) { $0.spacing = .linspace }, [1, 0.85769, 0.60215, 0.00893, 0])
    for (curve, known) in [
      (SigmaCurve.karras, [1, 0.28669, 0.06259, 0.00893, 0]), (.exponential, [1, 0.20746, 0.04304, 0.00893, 0]),
      (.beta, [1, 0.72705, 0.28188, 0.00893, 0]),
    ] {
      expect(try schedule(three, .k, steps: 4) { ($0.spacing, $0.curve) = (.linspace, curve) }, known)
      // On the DPM family, whose classes give NaN there, the list starts just below noise.
      let ours = try schedule(three, .dpm, steps: 4) { ($0.spacing, $0.curve) = (.trailing, curve) }
      #expect(sigmas(ours)[0] == Double(Float(1 - 1e-6)) && ours.endLevel == 1)
    }
    let terminal = fixture.cases.dev.merging([
      "shift_terminal": .float(0.02), "max_shift": .float(0.9), "max_image_seq_len": .int(8192),
    ]) { $1 }
    func ending(_ steps: Int) throws -> Schedule { try schedule(terminal, .k, steps: steps) { $0.imageTokens = 4096 } }
    expect(try ending(1), [1, 0])
    expect(try ending(2), [1, 0.02, 0])
    expect(try ending(4), [1, 0.766709, 0.455614, 0.02, 0])
    expect(
      try schedule(fixture.cases.dev, .k, steps: 4) { $0.imageTokens = 4096 }, [1, 0.904531, 0.759511, 0.512844, 0])
    expect(try schedule(fixture.cases.dev, .k, steps: 4) { $0.mu = 1.15 }, [1, 0.904531, 0.759511, 0.512844, 0])
  }

  @Test func muFollowsFromThePicture() throws {
    #expect(abs(DynamicShift.flux1.mu(tokens: 4096, steps: 4) - 1.15) < 1e-12)
    #expect(abs(DynamicShift.flux1.mu(tokens: 6400, steps: 28) - 1.54) < 1e-12)
    #expect(abs(DynamicShift.flux2.mu(tokens: 4300, steps: 4) - 2.308478) < 1e-6)
    #expect(abs(DynamicShift.flux2.mu(tokens: 4301, steps: 4) - 1.184697) < 1e-6)
    let klein = try Schedule(
      fixture.config(fixture.cases.dev).bent(by: .flux2),
      {
        var options = ScheduleOptions(steps: 4, convention: .k); options.imageTokens = 4096; return options
      }())
    expectClose(sigmas(klein), [1, 0.967384, 0.908144, 0.7672, 0], within: 1e-6, "klein")
  }

  /// Image to image keeps N - int(N - N s) steps, where diffusion models keep int(N s).
  @Test func strengthCountsAsInTheirPipelines() throws {
    let kept = try schedule(fixture.cases.shift3, .k, steps: 28) { $0.strength = 0.3 }
    #expect(kept.levels.count == 9 && !kept.startsFromNoise)
    let whole = try schedule(fixture.cases.shift3, .k, steps: 28)
    #expect(kept.levels == Array(whole.levels.suffix(9)))
  }

  @Test func conventionsThatAreNotForAFlowSaySo() throws {
    for convention in ScheduleConvention.allCases where !convention.takesFlows {
      let error = #expect(throws: ScheduleError.self) { try schedule(fixture.cases.shift3, convention, steps: 4) }
      #expect(error?.option == .convention && error?.message.contains("k, euler_ancestral") == true)
    }
    let size = #expect(throws: ScheduleError.self) { try schedule(fixture.cases.dev, .k, steps: 4) }
    #expect(size?.option == .latent)
    let shift = #expect(throws: ScheduleError.self) {
      try schedule(["beta_schedule": .string("linear")], .k, steps: 4) { $0.shift = 3 }
    }
    #expect(shift?.option == .shift)
  }

  /// A schedule goes on from another one at its level, and keeps its shape.
  @Test func schedulesOfFlowsJoin() throws {
    let start = try schedule(fixture.cases.shift3, .k, steps: 8)
    var options = ScheduleOptions(steps: 8, convention: .dpm)
    options.shift = 1
    let joined = try Schedule(fixture.config(fixture.cases.shift3), options, after: start, first: 3)
    #expect(Array(joined.levels[...3]) == Array(start.levels[...3]) && joined.endLevel == 1)
    #expect(zip(joined.levels.dropFirst(), joined.levels).allSatisfy { $0 > $1 })
    let diffusion = try Schedule(fixture.config([:]), steps: 8, convention: .k)
    let error = #expect(throws: ScheduleError.self) {
      try Schedule(fixture.config(fixture.cases.shift3), options, after: diffusion, first: 3)
    }
    #expect(error?.option == .after)
  }

  // MARK: Methods

  private typealias Step = (Evaluation, NoiseLevel, SolverMemory, _ index: Int, _ count: Int, LinearCombination) ->
    (LinearCombination, SolverMemory)

  private func step(of name: String) throws -> Step {
    func dpm(_ algorithm: DPMSolver.Algorithm) -> DPMSolver { DPMSolver(algorithm: algorithm, variant: .midpoint) }
    func multistep(_ algorithm: DPMSolver.Algorithm, _ order: Int) -> Step {
      { now, target, memory, index, count, z in
        dpm(algorithm).multistep(
          now, to: target, order: finalOrder(order, step: index, of: count, isLowered: true), memory: memory,
          noise: algorithm.isStochastic ? z : nil)
      }
    }
    func unipc(_ order: Int) -> Step {
      { now, target, memory, index, count, _ in
        UniPC(order: min(order, count - index), variant: .bh2).step(now, to: target, memory: memory)
      }
    }
    func deis(_ order: Int) -> Step {
      { now, target, memory, index, count, _ in
        DEIS(order: finalOrder(order, step: index, of: count, isLowered: true)).step(now, to: target, memory: memory)
      }
    }
    switch name {
    case "euler": return { now, target, memory, _, _, _ in (now.moved(to: target), memory) }
    case "euler-ancestral":
      return { now, target, memory, _, _, z in (eulerAncestralStep(now, to: target, noise: z), memory) }
    case "lcm":
      return { now, target, memory, _, _, z in
        (lcmStep(now, time: 999, timestepScaling: 10, to: target, noise: z).next, memory)
      }
    case "lms": return { now, target, memory, _, _, _ in LMS(order: 4).step(now, to: target, memory: memory) }
    case "heun":
      return { now, target, memory, _, _, _ in
        if let start = memory.sample, let first = memory.outputs.first {
          return (heunStep(now, from: start, firstSlope: first, to: target), .empty)
        }
        return (
          now.moved(to: target),
          SolverMemory(
            outputs: [.init(now.slope.evaluated(), level: now.level)],
            sample: .init(now.sample.evaluated(), level: now.level))
        )
      }
    case "dpmpp-2m": return multistep(.dpmsolverPlusPlus, 2)
    case "dpmpp-3m": return multistep(.dpmsolverPlusPlus, 3)
    case "dpmpp-2m-sde": return multistep(.sdeDPMSolverPlusPlus, 2)
    case "dpmpp-singlestep":
      return { now, target, memory, index, count, _ in
        dpm(.dpmsolverPlusPlus).singlestep(
          now, to: target,
          order: DPMSolver.singlestepOrder(3, step: index, of: count, isLowered: false, endsClean: true),
          memory: memory, noise: nil)
      }
    case "unipc": return unipc(2)
    case "unipc-3": return unipc(3)
    case "deis": return deis(2)
    case "deis-3": return deis(3)
    default: throw ModelError("no method \(name)")
    }
  }

  /// Every step of every class, 1, 4 and 28 of them, with the same velocities and noises.
  @Test func methodsAreThoseOfDiffusers() throws {
    let reader = fixture.reader
    let (velocities, noises) = (try reader.tensor("velocity"), try reader.tensor("noise"))
    func part(_ tensor: Tensor, _ index: Int) -> Tensor {
      let one = tensor.sample(index)
      return one.reshaped(Array(one.shape.dropFirst()))
    }
    var worst = 0.0
    for run in fixture.cases.runs {
      let schedule = try schedule(fixture.cases.shift3, run.convention, steps: run.steps)
      let step = try step(of: run.name)
      let expected = try reader.tensor("\(run.name).\(run.steps)")
      let count = schedule.levels.count
      try #require(expected.shape[0] == count, "\(run.name)")
      var (sample, memory) = (try reader.tensor("start"), SolverMemory.empty)
      for index in 0..<count {
        let now = Evaluation(
          sample: LinearCombination(sample), output: LinearCombination(part(velocities, index)), kind: .flow,
          level: schedule.level(of: index))
        let z = LinearCombination(part(noises, min(index, noises.shape[0] - 1)))
        let (next, kept) = step(now, schedule.target(of: index), memory, index, count, z)
        (sample, memory) = (next.evaluated(), kept)
        let error = relativeError(sample, part(expected, index))
        #expect(error <= 2e-6, "\(run.name) of \(run.steps) steps, evaluation \(index): \(error)")
        worst = max(worst, error)
      }
    }
    print("methods on a flow: the largest relative error is \(worst)")
  }

  private func relativeError(_ actual: Tensor, _ expected: Tensor) -> Double {
    let pairs = zip(actual.values, expected.values).map { (Double($0), Double($1)) }
    let square = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (square / pairs.reduce(0) { $0 + $1.1 * $1.1 }).squareRoot()
  }

  // MARK: Orders

  /// Data of standard deviation 2: the velocity and where the exact flow leads are known.
  private static func deviation(_ level: NoiseLevel) -> Double {
    (4 * level.signal * level.signal + level.noise * level.noise).squareRoot()
  }

  private func evaluate(_ sample: Tensor, _ level: NoiseLevel) -> Evaluation {
    let variance = Self.deviation(level) * Self.deviation(level)
    let velocity = ((level.noise - 4 * level.signal) / variance) * LinearCombination(sample)
    return Evaluation(
      sample: LinearCombination(sample), output: LinearCombination(velocity.evaluated()), kind: .flow, level: level)
  }

  /// Twice the steps make the error of a method of order p less by about 2^p.
  @Test(arguments: [
    ("euler", 1), ("heun", 2), ("lms", 3), ("dpmpp-2m", 2), ("dpmpp-3m", 2), ("unipc", 2), ("unipc-3", 3), ("deis", 2),
    ("deis-3", 3),
  ]) func errorsFallAsTheOrderSays(_ name: String, _ order: Int) throws {
    let step = try step(of: name)
    func error(_ count: Int) -> Double {
      let levels = (0...count).map { index in
        NoiseLevel(1 - (0.9 - 0.8 * Double(index) / Double(count)), .flow)
      }
      let exact = levels.map { Tensor(shape: [1], values: [Float(Self.deviation($0))]) }
      var (sample, memory) = (exact[0], SolverMemory.empty)
      for index in 0..<count {
        // The first steps are of lower order.
        if index <= 3 { sample = exact[index] }
        var next = step(
          evaluate(sample, levels[index]), levels[index + 1], memory, index, 1000, LinearCombination(sample))
        if name == "heun" {
          next = step(
            evaluate(next.0.evaluated(), levels[index + 1]), levels[index + 1], next.1, index, 1000,
            LinearCombination(sample))
        }
        (sample, memory) = (next.0.evaluated(), next.1)
      }
      return abs(Double(sample.values[0]) - Self.deviation(levels[count]))
    }
    let count = name == "deis" ? 48 : 12
    let (coarse, fine) = (error(count), error(2 * count))
    let observed = log2(coarse / fine)
    #expect(observed > Double(order) - 0.6, "\(name) of order \(order): errors \(coarse) and \(fine)")
  }

  // MARK: Levels

  @Test func aLevelIsAPair() {
    let level = NoiseLevel(0.25, .flow)
    #expect(level.signal == 0.25 && level.noise == 0.75 && level.time == 0.75 && level.scale == 1)
    #expect(abs(level.sigma - 3) < 1e-15 && abs(level.lambda + log(3)) < 1e-15)
    #expect(abs(level.cumulativeAlpha - 0.1) < 1e-15)
    #expect(NoiseLevel.clean.fits(.flow) && NoiseLevel.pureNoise.fits(.flow) && !NoiseLevel(0.25).fits(.flow))
  }

  /// From pure noise, where a flow's velocity says what x_0 is, the methods of differential equations are finite.
  @Test func theEndsAreFinite() {
    let (x, v) = (Tensor(shape: [3], values: [1, 2, 3]), Tensor(shape: [3], values: [10, -20, 30]))
    let (start, end, z) = (NoiseLevel(0, .flow), NoiseLevel(1, .flow), LinearCombination(x))
    let now = Evaluation(sample: LinearCombination(x), output: LinearCombination(v), kind: .flow, level: start)
    let results = [
      now.moved(to: end), eulerAncestralStep(now, to: end, noise: z),
      LMS(order: 4).step(now, to: end, memory: .empty).next,
      lcmStep(now, time: 1000, timestepScaling: 10, to: end, noise: z).next,
    ]
    for result in results { #expect(result.evaluated().values == [-9, 22, -27]) }
  }
}
