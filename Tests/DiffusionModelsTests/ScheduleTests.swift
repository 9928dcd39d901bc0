import Foundation
import Safetensors
import Tensors
import Testing

import DiffusionModels

@Suite("DDIM schedules")
struct ScheduleTests {
  /// What `make_schedule_fixtures.py` wrote.
  private struct Cases: Decodable {
    struct Run: Decodable {
      let name: String
      let config: [String: JSONValue]
      let steps: Int
      let strength: Double
    }
    struct Step: Decodable {
      let name: String
      let prediction: String
      let index: Int
      let eta: Double
    }
    let noises: [String: [String: JSONValue]]
    let schedules: [Run]
    let steps: [Step]
    let sd1: [String: JSONValue]
  }

  private let cases: Cases
  private let reader: SafetensorsReader

  init() throws {
    let folder = "\(Fixture.folder)/schedules"
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/schedules.json"))
    cases = try JSONDecoder().decode(Cases.self, from: data)
    reader = try SafetensorsReader(path: "\(folder)/schedules.safetensors")
  }

  private func config(_ values: [String: JSONValue]) throws -> SchedulerConfig {
    try SchedulerConfig(ConfigFile(path: "scheduler_config.json", values: values))
  }

  private func problem(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return (error as? ModelError)?.message ?? "another error: \(error)"
    }
  }

  private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 2e-6 * max($1, 1e-3) }
  }

  /// The levels of training have PyTorch's bits.
  @Test func levelsOfTraining() throws {
    #expect(cases.noises.count == 7)
    for (name, values) in cases.noises {
      let (actual, expected) = (try config(values).levels, try reader.tensor("levels.\(name)").values)
      // The vector library behind PyTorch rounds cosines and square roots now and then the other way.
      if name == "cosine" || name == "zero-snr" {
        #expect(isClose(actual.map(Double.init), expected.map(Double.init)), "\(name)")
      } else {
        #expect(actual == expected, "\(name)")
      }
    }
  }

  @Test func schedulesOfTheReference() throws {
    #expect(cases.schedules.count > 40)
    for run in cases.schedules {
      let schedule = try Schedule(config(run.config), steps: run.steps, strength: run.strength)
      let expected = { (part: String) in try reader.tensor("\(run.name).\(part)").values.map(Double.init) }
      #expect(try schedule.timesteps == expected("times"), "\(run.name)")
      #expect(try isClose(schedule.levels, expected("levels")), "\(run.name)")
      #expect(try isClose(schedule.targetLevels, expected("targets")), "\(run.name)")
      #expect(schedule.startsFromNoise == (run.strength == 1))
    }
  }

  /// With leading spacing each step ends where the next one starts.
  @Test func leadingStepsChain() throws {
    let schedule = try Schedule(config(cases.sd1), steps: 12)
    #expect(schedule.timesteps.first == 914 && schedule.timesteps.last == 1)
    #expect(schedule.targetLevels == schedule.timesteps.indices.map(schedule.level(after:)))
    #expect(schedule.endLevel == Double(try config(cases.sd1).levels[0]))
    #expect(try Schedule(config([:]), steps: 12).endLevel == 1)
  }

  @Test func parametersOverrideTheConfig() throws {
    let sd1 = try config(cases.sd1)
    #expect(try Schedule(sd1, steps: 4, offset: 0).timesteps == [750, 500, 250, 0])
    #expect(try Schedule(sd1, steps: 4, spacing: .trailing).timesteps == [999, 749, 499, 249])
    let spaced = try config(["timestep_spacing": .string("trailing"), "steps_offset": .int(1), "trained_betas": .null])
    #expect(try Schedule(spaced, steps: 4).timesteps == [999, 749, 499, 249])
    #expect(try Schedule(spaced, steps: 4, spacing: .leading).timesteps == [751, 501, 251, 1])
  }

  @Test func stepsThatCannotBe() throws {
    let sd1 = try config(cases.sd1)
    #expect(
      problem { _ = try Schedule(sd1, steps: 1001) }
        == "1001 steps; 1 to 1000 were expected, the times that the model was trained with")
    #expect(problem { _ = try Schedule(sd1, steps: 0) }.hasPrefix("0 steps; 1 to 1000"))
    #expect(
      problem { _ = try Schedule(sd1, steps: 1000) }
        == "1000 steps with offset 1 begin at time 1000; the model was trained with times 0 to 999")
    #expect(problem { _ = try Schedule(sd1, steps: 10, offset: .max) }.hasPrefix("the offset is 9223372036854775807"))
    #expect(
      problem { _ = try Schedule(sd1, steps: 10, strength: 0.05) }
        == "a strength of 0.05 leaves none of 10 steps; at least 0.1 is needed")
    #expect(
      problem { _ = try Schedule(sd1, steps: 10, strength: 1.5) } == "strength is 1.5; 0 to 1 was expected")
    #expect(problem { _ = try Schedule(sd1, steps: 10, strength: .nan) } == "strength is nan; 0 to 1 was expected")
  }

  @Test func configsThatCannotBe() throws {
    let file = "scheduler_config.json: "
    #expect(
      problem { _ = try config(["beta_schedule": .string("sigmoid")]) }
        == file
        + #"'beta_schedule' is "sigmoid"; "linear" or "scaled_linear" or "squaredcos_cap_v2" was expected"#)
    #expect(
      problem { _ = try config(["prediction_type": .string("sample")]) }
        == file + #"'prediction_type' is "sample"; "epsilon" or "v_prediction" was expected"#)
    #expect(
      problem { _ = try config(["trained_betas": .array([.float(0.1)])]) }
        == file + "'trained_betas' has 1 numbers for 1000 times")
    #expect(
      problem { _ = try config(["beta_end": .float(7)]) }
        == file + "the betas go from 0.0001 to 7.0; 0 to 1 was expected")
    #expect(
      problem { _ = try config(["beta_start": .float(-1), "beta_schedule": .string("scaled_linear")]) } != "no error")
    #expect(
      problem { _ = try config(["num_train_timesteps": .int(0)]) }
        == file + "'num_train_timesteps' is 0; a whole number from 1 to 100000 was expected")
  }

  @Test func encodesAndDecodes() throws {
    let schedule = try Schedule(config(cases.sd1), steps: 12, strength: 0.6)
    #expect(try JSONDecoder().decode(Schedule.self, from: JSONEncoder().encode(schedule)) == schedule)
  }

  /// To a few units in the last place: PyTorch's square roots of single numbers are not correctly rounded.
  @Test func stepsOfTheReference() throws {
    let schedule = try Schedule(config(cases.sd1), steps: 20)
    let (sample, output) = (try reader.tensor("step.sample"), try reader.tensor("step.output"))
    #expect(cases.steps.count == 18)
    for step in cases.steps {
      let result = ddimStep(
        sample: sample, modelOutput: output, prediction: step.prediction == "epsilon" ? .epsilon : .v,
        level: schedule.levels[step.index], previousLevel: schedule.targetLevels[step.index], eta: step.eta,
        noise: step.eta == 0 ? nil : try reader.tensor("step.noise"))
      for (part, actual) in [("previous", result.previous), ("denoised", result.denoised)] {
        let name = "\(step.name).\(part)"
        expectClose(actual, try reader.tensor(name), within: 2e-7, name)
      }
    }
    let noisy = addNoise(try reader.tensor("step.noise"), to: sample, level: schedule.levels[10])
    expectClose(noisy, try reader.tensor("step.noisy"), within: 2e-7, "noisy")
  }
}
