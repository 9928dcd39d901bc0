import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

/// What `make_schedule_fixtures.py` wrote.
struct ScheduleFixture {
  struct Cases: Decodable {
    struct Run: Decodable {
      let convention: ScheduleConvention
      let config: Int
      let parameters: [String: JSONValue]
      let count: Int
      let end: Double
      let noise: Bool
    }
    struct Step: Decodable {
      let name: String
      let prediction: String
      let index: Int
      let eta: Double
    }
    let noises: [String: [String: JSONValue]]
    let sd1: [String: JSONValue]
    let configs: [[String: JSONValue]]
    let schedules: [Run]
    let steps: [Step]
  }

  let cases: Cases
  let reader: SafetensorsReader

  init() throws {
    let folder = "\(Fixture.folder)/schedules"
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/schedules.json"))
    cases = try JSONDecoder().decode(Cases.self, from: data)
    reader = try SafetensorsReader(path: "\(folder)/schedules.safetensors")
  }

  func config(_ values: [String: JSONValue]) throws -> SchedulerConfig {
    try SchedulerConfig(ConfigFile(path: "scheduler_config.json", values: values))
  }

  /// Stable Diffusion 1's, with `changes`.
  func sd1(_ changes: [String: JSONValue] = [:]) throws -> SchedulerConfig {
    try config(cases.sd1.merging(changes) { $1 })
  }
}

/// NoiseSchedule's parameters as the fixtures name them.
extension ScheduleOptions {
  init(_ convention: ScheduleConvention, _ parameters: [String: JSONValue]) throws {
    self.init(convention: convention)
    for (name, value) in parameters {
      switch (name, value) {
      case ("steps", .int(let number)): steps = number
      case ("offset", .int(let number)): offset = number
      case ("original_steps", .int(let number)): originalSteps = number
      case ("strength", .float(let number)): strength = number
      case ("beta_start", .float(let number)): betaStart = number
      case ("beta_end", .float(let number)): betaEnd = number
      case ("spacing", .string(let name)): spacing = TimestepSpacing(rawValue: name)
      case ("curve", .string(let name)): curve = SigmaCurve(rawValue: name)
      case ("end", .string(let name)): end = ScheduleEnd(rawValue: name)
      case ("prediction", .string(let name)): prediction = PredictionType(rawValue: name)
      case ("beta_schedule", .string(let name)): betaSchedule = BetaSchedule(rawValue: name)
      case ("zero_snr", .bool(let flag)): zeroSNR = flag
      case ("timesteps", .array(let list)): timesteps = try list.map(number)
      case ("sigmas", .array(let list)): sigmas = try list.map(number)
      default: throw ModelError("the fixture has \(name): \(value)")
      }
    }
  }
}

extension ScheduleConvention {
  /// Those that are a class of diffusers.
  static let ofDiffusers = allCases.filter { $0 != .comfyui }
}

private func number(_ value: JSONValue) throws -> Double {
  switch value {
  case .int(let number): return Double(number)
  case .float(let number): return number
  default: throw ModelError("the fixture has \(value) for a number")
  }
}

@Suite("Noise schedules") struct ScheduleTests {
  private let fixture: ScheduleFixture

  init() throws { fixture = try ScheduleFixture() }

  private func isClose(_ a: Double, _ b: Double, floor: Double = 0, slack: Double = 0) -> Bool {
    abs(a - b) <= 1e-6 * max(b, floor) + slack
  }

  /// How far the logarithm of an ancestral midpoint's sigma is off by the class's own rounding: it takes the difference
  /// of two nearly equal squares in single precision.
  private func cancellation(_ schedule: Schedule, _ place: Int) -> Double {
    guard schedule.convention == .dpm2Ancestral, place % 2 == 1 else { return 0 }
    let variance = { (level: Double) in (1 - level) / level }
    return 0x1p-24 * variance(schedule.sourceLevels[place]) / variance(schedule.targetLevels[place])
  }

  /// Whether times are computed from sigmas, and then fractional; all others are equal to the reference's.
  private func hasFractions(_ run: ScheduleFixture.Cases.Run, _ place: Int) -> Bool {
    switch run.convention {
    case .dpm2, .dpm2Ancestral: if place % 2 == 1 { return true }
    case .k, .eulerAncestral, .lms, .heun: break
    default: return false
    }
    return ["curve", "sigmas"].contains { run.parameters[$0] != nil }
      || fixture.cases.configs[run.config].keys.contains { $0.hasPrefix("use_") || $0 == "timestep_type" }
  }

  /// The levels of training have PyTorch's bits.
  @Test func levelsOfTraining() throws {
    #expect(fixture.cases.noises.count == 7)
    for (name, values) in fixture.cases.noises {
      let actual = try fixture.config(values).levels(for: .ddim)
      let expected = try fixture.reader.tensor("levels.\(name)").values
      // The vector library behind PyTorch rounds cosines and square roots now and then the other way.
      if name == "cosine" || name == "zero-snr" {
        let close = zip(actual, expected).allSatisfy { abs($0 - $1) <= 2e-6 * max($1, 1e-3) }
        #expect(actual.count == expected.count && close, "\(name)")
      } else {
        #expect(actual == expected, "\(name)")
      }
    }
  }

  /// Every time, level, formula and end of every case: whole times are equal, fractional ones and levels within 1e-6.
  @Test(arguments: ScheduleConvention.ofDiffusers)
  func schedulesOfTheReference(_ convention: ScheduleConvention) throws {
    let cases = fixture.cases.schedules.enumerated().filter { $0.element.convention == convention }
    #expect(cases.count > 20)
    for (index, run) in cases {
      let name: Comment = "\(convention) \(fixture.cases.configs[run.config]) \(run.parameters)"
      let schedule = try Schedule(
        fixture.config(fixture.cases.configs[run.config]), ScheduleOptions(convention, run.parameters))
      #expect(schedule.timesteps.count == run.count, name)
      let picked = stride(from: 0, to: run.count, by: run.count > 60 ? 23 : 1)
      let expected = try fixture.reader.tensor("\(index)")
      // Rescaling takes differences of square roots, which the vector library behind PyTorch rounds its own way.
      let floor = fixture.cases.configs[run.config]["rescale_betas_zero_snr"] == nil ? 0 : 1e-3
      let lists = [schedule.timesteps, schedule.levels, schedule.sourceLevels, schedule.targetLevels]
      for (row, list) in zip(0..<expected.shape[0], lists) where list.count == run.count {
        let values = expected.values[row * expected.shape[1]..<(row + 1) * expected.shape[1]]
        let wrong = zip(picked, values).filter { place, value in
          let (actual, expected) = (list[place], Double(value))
          let rounding = cancellation(schedule, place)
          if row > 0 { return !isClose(actual, expected, floor: floor, slack: 2 * rounding * expected) }
          // Logarithms of sigmas are at least 0.002 apart.
          return hasFractions(run, place)
            ? !isClose(actual, expected, floor: 1, slack: rounding / 0.002) : Float(actual) != value
        }
        #expect(wrong.isEmpty, "\(name), row \(row): \(wrong.prefix(3).map { (list[$0], $1) })")
      }
      #expect(isClose(schedule.endLevel, run.end), name)
      #expect(schedule.startsFromNoise == run.noise, name)
      #expect(schedule.levels.allSatisfy { (0...1).contains($0) }, name)
    }
  }

  @Test func parametersOverrideTheConfig() throws {
    let leading = ScheduleOptions(steps: 4)
    var trailing = leading
    trailing.spacing = .trailing
    let spaced = try fixture.sd1(["timestep_spacing": .string("trailing"), "trained_betas": .null])
    #expect(try Schedule(spaced, leading).timesteps == [999, 749, 499, 249])
    #expect(try Schedule(fixture.sd1(), trailing).timesteps == [999, 749, 499, 249])
    trailing.spacing = .leading
    trailing.offset = 0
    #expect(try Schedule(spaced, trailing).timesteps == [750, 500, 250, 0])
  }

  /// numpy's arange has a 62nd value for 61 steps, which the classes take for time -1.
  @Test func trailingStepsAreAsManyAsAsked() throws {
    for steps in [61, 103, 121, 122, 201, 887] {
      for convention in [ScheduleConvention.ddim, .k, .dpm] {
        let schedule = try Schedule(
          fixture.sd1(["timestep_spacing": .string("trailing")]), steps: steps, convention: convention)
        #expect(schedule.timesteps.count == steps && schedule.timesteps.allSatisfy { $0 >= 0 })
      }
    }
  }

  /// Where each formula goes from and to, for the conventions of which the fixtures do not say it.
  @Test(arguments: ScheduleConvention.ofDiffusers) func formulasLeadToTheEnd(_ convention: ScheduleConvention) throws {
    let schedule = try Schedule(
      fixture.sd1(["timestep_spacing": .string("leading")]), steps: 12, convention: convention)
    let places = schedule.levels.indices
    switch schedule.pattern {
    case .single:
      #expect(schedule.sourceLevels == schedule.levels)
      #expect(schedule.targetLevels == places.map { schedule.level(after: $0).value })
    case .restart:
      #expect(schedule.timesteps.count == 13 && schedule.timesteps[1] == schedule.timesteps[2])
      #expect(schedule.sourceLevels[1] == schedule.levels[0] && schedule.targetLevels[1] == schedule.levels[1])
    case .pairs:
      #expect(schedule.timesteps.count == 23)
      for place in stride(from: 1, to: 23, by: 2) {
        #expect(schedule.levels[place] == schedule.levels[place + 1])
        #expect(schedule.timesteps[place] == schedule.timesteps[place + 1])
        #expect(schedule.sourceLevels[place] == schedule.levels[place - 1])
        #expect(schedule.targetLevels[place - 1] == schedule.targetLevels[place])
      }
    case .midpoints, .ancestralMidpoints, .logMidpoints, .ancestralLogMidpoints, .groups:
      #expect(schedule.timesteps.count == 23)
      for place in stride(from: 1, to: 23, by: 2) {
        #expect(schedule.levels[place - 1] < schedule.levels[place])
        #expect(schedule.sourceLevels[place] == schedule.levels[place - 1])
        #expect(schedule.targetLevels[place - 1] == schedule.levels[place])
        #expect(schedule.targetLevels[place] == schedule.levels[place + 1])
      }
    }
    #expect(schedule.targetLevels.last == schedule.endLevel)
    #expect(schedule.trainingLevels.count == (convention == .tcd ? 1000 : 0))
  }

  @Test func encodesAndDecodes() throws {
    var options = ScheduleOptions(steps: 12, convention: .dpm2)
    options.strength = 0.6
    let schedule = try Schedule(fixture.sd1(), options)
    #expect(try JSONDecoder().decode(Schedule.self, from: JSONEncoder().encode(schedule)) == schedule)
  }

  /// To the rounding of single precision.
  @Test func ddimStepsOfTheReference() throws {
    let (schedule, reader) = (try Schedule(fixture.sd1(), steps: 20), fixture.reader)
    let (sample, output) = (try reader.tensor("step.sample"), try reader.tensor("step.output"))
    #expect(fixture.cases.steps.count == 18)
    for step in fixture.cases.steps {
      let now = Evaluation(
        sample: LinearCombination(sample), output: LinearCombination(output),
        kind: step.prediction == "epsilon" ? .epsilon : .v, level: schedule.level(of: step.index))
      let previous = ddimStep(
        now, to: schedule.target(of: step.index), eta: step.eta,
        noise: step.eta == 0 ? nil : LinearCombination(try reader.tensor("step.noise")))
      for (part, actual) in [("previous", previous.evaluated()), ("denoised", now.denoised.evaluated())] {
        let name = "\(step.name).\(part)"
        expectClose(actual, try reader.tensor(name), within: 1.2e-7, name)
      }
    }
    let noisy = addNoise(try reader.tensor("step.noise"), to: sample, level: schedule.level(of: 10))
    expectClose(noisy, try reader.tensor("step.noisy"), within: 1.2e-7, "noisy")
  }
}
