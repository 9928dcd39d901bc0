import Testing

import DiffusionModels

/// Schedules that go on from others.
struct ScheduleJointTests {
  private let config: SchedulerConfig

  init() throws {
    let fixture = try ScheduleFixture()
    config = try fixture.config(fixture.cases.sd1)
  }

  private func options(_ convention: ScheduleConvention, steps: Int = 10, curve: SigmaCurve? = nil) -> ScheduleOptions {
    var options = ScheduleOptions(steps: steps, convention: convention)
    if ![.lcm, .tcd, .dpmSinglestep].contains(convention) { options.spacing = .leading }
    options.curve = curve
    return options
  }

  private func schedule(
    _ options: ScheduleOptions, after other: ScheduleOptions, first: Int
  ) throws -> (other: Schedule, own: Schedule, joined: Schedule) {
    let other = try Schedule(config, other)
    return (other, try Schedule(config, options), try Schedule(config, options, after: other, first: first))
  }

  /// DDIM's leading times of ten steps are 901, 801, ...; DPM-Solver's 901, 811, ...: from step 4 on t' = t 501 / 541.
  @Test func theTimesThatAreLeftAreStretched() throws {
    let (other, own, joined) = try schedule(options(.dpm), after: options(.ddim), first: 4)
    #expect(other.timesteps == [901, 801, 701, 601, 501, 401, 301, 201, 101, 1])
    #expect(own.timesteps == [901, 811, 721, 631, 541, 451, 361, 271, 181, 91])
    #expect(joined.timesteps == [901, 801, 701, 601, 501, 418, 334, 251, 168, 84])
    #expect(joined.endLevel == own.endLevel)
    #expect(zip(joined.levels[..<5], other.levels).allSatisfy { NoiseLevel.isSame($0, $1) })
  }

  @Test func wholeTimesAreRounded() throws {
    let (_, own, joined) = try schedule(options(.ddim), after: options(.dpm), first: 7)
    // 271 / 201 times 101 and 1; each step goes to where the next one starts.
    #expect(joined.timesteps[7...] == [271, 136, 1])
    #expect(joined.targetLevels.dropLast() == joined.levels.dropFirst())
    #expect(joined.targetLevels.last == own.endLevel)
  }

  @Test func theSecondEvaluationsAreThoseOfTheConvention() throws {
    let heun = try schedule(options(.heun), after: options(.dpm), first: 4).joined
    #expect(heun.timesteps.count == 19)
    #expect(heun.timesteps[8] == 541 && heun.timesteps[9] == heun.timesteps[10])
    #expect(abs(heun.timesteps[10] - 401 * 541 / 501.0) < 1e-3)
    #expect(heun.sourceLevels[9] == heun.levels[8] && heun.targetLevels[9] == heun.levels[10])
    let plms = try schedule(options(.plms), after: options(.dpm), first: 4).joined
    #expect(plms.timesteps.prefix(6) == [901, 811, 811, 721, 631, 541])
    #expect(plms.sourceLevels[1] == plms.levels[0] && plms.targetLevels[1] == plms.levels[1])
    // From one of two evaluations a step to one of one.
    let back = try schedule(options(.dpm), after: options(.heun), first: 4).joined
    #expect(back.timesteps.prefix(5) == [901, 801, 701, 601, 501])
  }

  /// A curve keeps its shape: between the level that is given and its own end.
  @Test func aCurveIsStretchedInTime() throws {
    let (other, own, joined) = try schedule(options(.dpm, curve: .karras), after: options(.ddim), first: 5)
    #expect(NoiseLevel.isSame(joined.levels[5], other.levels[5]))
    #expect(!NoiseLevel.isSame(own.levels[5], other.levels[5]))
    #expect(zip(joined.levels, joined.levels.dropFirst()).allSatisfy { $0 < $1 })
    let ratio = joined.timesteps[6] / joined.timesteps[5]
    #expect(abs(ratio - own.timesteps[6] / own.timesteps[5]) < 0.01)
  }

  @Test func whereTheLevelsAreOneNothingChanges() throws {
    for (one, two) in [(ScheduleConvention.ddim, ScheduleConvention.k), (.heun, .plms), (.dpm, .unipc), (.lcm, .tcd)] {
      for first in 0...10 {
        let (_, own, joined) = try schedule(options(two), after: options(one), first: first)
        #expect(joined == own, "\(one) \(two) \(first)")
      }
    }
  }

  /// Whatever two conventions, and wherever they meet: the levels rise, and begin where the other one is.
  @Test(arguments: ScheduleConvention.ofDiffusers)
  func everyPairJoins(_ convention: ScheduleConvention) throws {
    for other in ScheduleConvention.ofDiffusers {
      for (steps, first) in [(4, 1), (4, 3), (10, 5), (20, 19), (50, 30)] {
        let (before, _, joined) = try schedule(
          options(convention, steps: steps), after: options(other, steps: steps), first: first)
        let place = joined.starts[first]
        #expect(NoiseLevel.isSame(joined.levels[place], before.levels[before.starts[first]]), "\(other) \(first)")
        let levels = joined.starts.map { joined.levels[$0] }
        #expect(!zip(levels, levels.dropFirst()).contains { $0 >= $1 }, "\(other) \(steps) \(first)")
      }
    }
  }

  @Test func jointsThatCannotBe() throws {
    func problem(_ steps: Int, after count: Int, first: Int) -> String {
      do {
        _ = try schedule(options(.dpm, steps: steps), after: options(.ddim, steps: count), first: first)
        return "no error"
      } catch let error as ScheduleError {
        return "\(error.option.rawValue): \(error.message)"
      } catch {
        return "\(error)"
      }
    }
    #expect(
      problem(10, after: 5, first: 6) == "first: first is 6, but the schedule to go on from has 5 steps, 0 to 4")
    #expect(problem(5, after: 10, first: 6) == "first: first is 6, but this schedule has 5 steps, 0 to 4")
    #expect(problem(5, after: 5, first: 5) == "no error")
  }
}
