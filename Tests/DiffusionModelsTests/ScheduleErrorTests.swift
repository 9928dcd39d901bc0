import Testing

import DiffusionModels

@Suite("Schedules that cannot be") struct ScheduleErrorTests {
  private let fixture: ScheduleFixture

  init() throws { fixture = try ScheduleFixture() }

  private func problem(_ config: [String: JSONValue], _ options: ScheduleOptions = ScheduleOptions()) -> String {
    do {
      let config = try fixture.config(config)
      _ = try Schedule(config, options)
      return "no error"
    } catch let error as ScheduleError {
      return "\(error.option.rawValue): \(error.message)"
    } catch {
      return (error as? ModelError)?.message ?? "another error: \(error)"
    }
  }

  /// What is wrong with `parameters` for Stable Diffusion 1.
  private func problem(_ convention: ScheduleConvention, _ parameters: [String: JSONValue]) throws -> String {
    problem(fixture.cases.sd1, try ScheduleOptions(convention, parameters))
  }

  @Test func stepsThatTrainingHasNoTimesFor() throws {
    #expect(
      try problem(.ddim, ["steps": .int(1001)])
        == "steps: 1001 steps; 1 to 1000 were expected, the times that the model was trained with")
    #expect(try problem(.k, ["steps": .int(0)]).hasPrefix("steps: 0 steps; 1 to 1000"))
    #expect(
      try problem(.ddim, ["steps": .int(1000)])
        == "steps: 1000 steps with offset 1 begin at time 1000; the model was trained with times 0 to 999")
    #expect(
      try problem(.unipc, ["steps": .int(1000), "offset": .int(0), "spacing": .string("leading")])
        == "steps: 1000 steps take time 0 twice; fewer were expected of a model with 1000 times")
    #expect(try problem(.ddim, ["offset": .int(.max)]).hasPrefix("offset: the offset is 9223372036854775807"))
    #expect(
      try problem(.lcm, ["steps": .int(51)]) == "steps: 51 steps; 1 to 50 were expected, the original steps")
    #expect(
      try problem(.tcd, ["steps": .int(8), "strength": .float(0.1)])
        == "steps: 8 steps; 1 to 5 were expected, the 50 original steps x strength 0.1")
    #expect(
      try problem(.lcm, ["original_steps": .int(2000)])
        == "original_steps: 2000 original steps; 1 to 1000 were expected, the times that the model was trained with")
    #expect(problem(["num_train_timesteps": .int(1)], ScheduleOptions(steps: 1, convention: .dpm2)) == "no error")
  }

  @Test func strengthsThatLeaveNothing() throws {
    #expect(
      try problem(.ddim, ["steps": .int(10), "strength": .float(0.05)])
        == "strength: a strength of 0.05 leaves none of 10 steps; at least 0.1 is needed")
    #expect(
      try problem(.heun, ["steps": .int(10), "strength": .float(0.05)])
        == "strength: a strength of 0.05 leaves none of 10 steps; at least 0.1 is needed")
    #expect(try problem(.k, ["strength": .float(1.5)]) == "strength: strength is 1.5; 0 to 1 was expected")
    #expect(try problem(.k, ["strength": .float(.nan)]) == "strength: strength is nan; 0 to 1 was expected")
  }

  @Test func settingsThatAConventionLacks() throws {
    #expect(
      try problem(.heun, ["end": .string("sigma_min")])
        == "end: end sigma_min is not for the convention heun; it ends at zero always")
    for convention in [ScheduleConvention.dpmSinglestep, .lcm] {
      #expect(
        try problem(convention, ["offset": .int(1)])
          == "offset: offset 1 is not for the convention \(convention.rawValue); it takes one with 'spacing: leading' alone"
      )
    }
    #expect(
      try problem(.k, ["original_steps": .int(50)])
        == "original_steps: original_steps 50 is not for the convention k; conventions of distilled models are lcm, tcd"
    )
    #expect(
      try problem(.plms, ["zero_snr": .bool(true)])
        == "zero_snr: zero_snr true is not for the convention plms; conventions with it are ddim, ddpm, k, "
        + "euler_ancestral, lms, dpm, unipc, lcm, tcd, comfyui")
    #expect(
      try problem(.ddim, ["zero_snr": .bool(true), "spacing": .string("trailing"), "steps": .int(4)])
        == "prediction: the first step is at level 0, pure noise, where a prediction of epsilon tells nothing; v was "
        + "expected")
  }

  @Test func listsThatAreNone() throws {
    let list = { (numbers: [Double]) in JSONValue.array(numbers.map { .float($0) }) }
    #expect(
      try problem(.plms, ["timesteps": list([900, 500])])
        == "timesteps: a list of timesteps is not for the convention plms; conventions that take one are ddim, ddpm, k, "
        + "euler_ancestral, lms, heun, dpm2, dpm2_ancestral, dpm, dpm_singlestep, unipc, deis, lcm, tcd, comfyui")
    #expect(
      try problem(.ddim, ["sigmas": list([9, 0])]).hasPrefix("sigmas: a list of sigmas is not for the convention ddim"))
    #expect(
      try problem(.k, ["timesteps": list([900]), "sigmas": list([9, 0])])
        == "sigmas: there are timesteps and sigmas; one of the two lists was expected")
    #expect(
      try problem(.k, ["timesteps": list([900]), "curve": .string("beta")])
        == "curve: there is a curve, beta, and a list of timesteps; one was expected")
    #expect(
      try problem(.k, ["sigmas": list([9, 0]), "end": .string("zero")])
        == "end: a list of sigmas tells the end itself: its last one")
    #expect(
      try problem(.k, ["sigmas": list([9])])
        == "sigmas: sigmas has 1 entries; one for each step was expected, and one for the end")
    #expect(
      try problem(.k, ["timesteps": list([])]) == "timesteps: timesteps has 0 entries; one for each step was expected")
    #expect(
      try problem(.k, ["timesteps": list([900, 500, 500])])
        == "timesteps: timesteps has 500 after 500; each must be less than the one before")
    #expect(
      try problem(.k, ["sigmas": list([3, 4.5, 0])])
        == "sigmas: sigmas has 4.5 after 3; each must be less than the one before")
    #expect(
      try problem(.k, ["timesteps": list([900, -1])])
        == "timesteps: timesteps has -1.0; numbers from 0 on were expected")
    #expect(try problem(.k, ["timesteps": list([.nan])]).hasPrefix("timesteps: timesteps has nan"))
    #expect(
      try problem(.dpm, ["timesteps": list([900, 500.5])])
        == "timesteps: timesteps has 500.5; whole times were expected by the convention dpm")
    #expect(
      try problem(.ddim, ["timesteps": list([1000, 500])])
        == "timesteps: timesteps has 1000; the model was trained with times 0 to 999")
    #expect(
      try problem(.k, ["sigmas": list([15, 1, 0])])
        == "sigmas: sigmas has 15.0; the model was trained with sigmas 0.029167533 to 14.614647")
  }

  @Test func configsThatCannotBe() throws {
    let file = "scheduler_config.json: "
    #expect(
      problem(["beta_schedule": .string("sigmoid")])
        == file
        + #"'beta_schedule' is "sigmoid"; "linear" or "scaled_linear" or "squaredcos_cap_v2" was expected"#)
    #expect(
      problem(["prediction_type": .string("sample")])
        == file + #"'prediction_type' is "sample"; "epsilon" or "v_prediction" or "flow_prediction" was expected"#)
    #expect(
      problem(["trained_betas": .array([.float(0.1)])])
        == file + "'trained_betas' has 1 numbers for 1000 times")
    #expect(
      problem(["beta_end": .float(7)])
        == file + "the betas go from 0.0001 to 7.0; 0 to 1 was expected")
    #expect(problem(["beta_start": .float(-1), "beta_schedule": .string("scaled_linear")]) != "no error")
    #expect(
      problem(["num_train_timesteps": .int(0)])
        == file + "'num_train_timesteps' is 0; a whole number from 1 to 100000 was expected")
    #expect(
      problem(
        ["use_karras_sigmas": .bool(true), "use_beta_sigmas": .bool(true)], ScheduleOptions(convention: .k))
        == file + "'use_karras_sigmas' and 'use_beta_sigmas' are true; at most one was expected")
    #expect(problem(["sigma_min": .float(0)]) == file + "'sigma_min' is 0.0; more than 0 was expected")
    #expect(
      problem(["sigma_min": .float(2), "sigma_max": .int(1)]) == file + "'sigma_max' is 1.0; more than 2.0 was expected"
    )
    #expect(
      problem(
        ["use_karras_sigmas": .bool(true), "use_beta_sigmas": .bool(true)],
        ScheduleOptions(convention: .eulerAncestral)) == "no error")
    #expect(
      problem(["interpolation_type": .string("log_linear")], ScheduleOptions(convention: .k))
        == file + "'interpolation_type' is not supported by the convention k")
    #expect(
      problem(["interpolation_type": .string("log_linear")], ScheduleOptions(convention: .lms)) == "no error")
    #expect(
      problem(["use_lu_lambdas": .bool(true)], ScheduleOptions(convention: .dpm))
        == file + "'use_lu_lambdas' is not supported by the convention dpm")
  }

  /// Betas that leave a level without a sigma, or two levels alike.
  @Test func noiseThatHasNoSigmas() throws {
    let betas = { (numbers: [Double]) in
      ["num_train_timesteps": JSONValue.int(3), "trained_betas": .array(numbers.map { .float($0) })]
    }
    let options = ScheduleOptions(steps: 2, convention: .dpm)
    #expect(
      problem(betas([0.1, 0.2, 1]), options)
        == "the noise level of training time 2 is 0.0; between 0 and 1 was expected by a convention that computes with "
        + "sigmas")
    #expect(
      problem(betas([0.1, 0, 0.2]), options)
        == "the noise level of training time 1 is 0.9, not less than that of the time before")
  }

  @Test func optionsWithoutEffectAreOne() throws {
    var options = ScheduleOptions(steps: 7, convention: .dpm)
    options.timesteps = [900, 100]
    options.spacing = .leading
    options.offset = 3
    options.curve = .plain
    var expected = ScheduleOptions(convention: .dpm)
    expected.timesteps = [900, 100]
    #expect(options.canonical() == expected)

    options = ScheduleOptions(steps: 7, convention: .k)
    options.spacing = .trailing
    options.offset = 3
    options.curve = .karras
    expected = options
    expected.offset = nil
    #expect(options.canonical() == expected)
    options.curve = .simple
    expected.curve = .simple
    expected.spacing = nil
    #expect(options.canonical() == expected)
    #expect(expected.canonical() == expected)
  }

  /// Whatever is asked of whatever model gives a schedule that can be followed, or an error of ours.
  @Test(arguments: ScheduleConvention.ofDiffusers)
  func everyScheduleIsSoundOrAnError(_ convention: ScheduleConvention) throws {
    var (sound, refused) = (0, 0)
    for trainSteps in [1, 2, 9, 120] {
      for steps in [1, 2, 5, 8, 61] {
        for (spacing, curve) in TimestepSpacing.allCases.flatMap({ spacing in
          SigmaCurve.allCases.map { (spacing, $0) }
        }) {
          var options = ScheduleOptions(steps: steps, convention: convention)
          options.curve = curve
          options.strength = steps == 5 ? 0.5 : 1
          let config = try fixture.config([
            "num_train_timesteps": .int(trainSteps), "timestep_spacing": .string(spacing.rawValue),
            "prediction_type": .string("v_prediction"), "rescale_betas_zero_snr": .bool(steps != 8),
            "original_inference_steps": .int(min(trainSteps, 70)), "lambda_min_clipped": .float(-0.5),
            "beta_end": .float(0.3),
          ])
          do {
            let schedule = try Schedule(config, options)
            sound += 1
            let lists = [schedule.timesteps, schedule.levels, schedule.sourceLevels, schedule.targetLevels]
            #expect(!schedule.levels.isEmpty && lists.allSatisfy { $0.count == schedule.levels.count })
            #expect(
              lists.dropFirst().joined().allSatisfy { (0...1).contains($0) }, "\(convention) \(options) \(config)")
            #expect(schedule.timesteps.allSatisfy { (0...Double(trainSteps - 1)).contains($0) }, "\(options) \(config)")
            // An ancestral midpoint has the level of the next step, but for the class's rounding.
            let places = convention.pattern == .ancestralMidpoints ? 2 : 1
            let levels = stride(from: 0, to: schedule.levels.count, by: places).map { schedule.levels[$0] }
            // Pure noise is a sigma of 4096, which those of other times may exceed.
            let isLimited = abs(levels[0] - 0x1p-24) < 1e-12
            let falls = zip(levels, levels.dropFirst()).dropFirst(isLimited ? 1 : 0).contains { $0 > $1 }
            #expect(!falls, "\(options) \(config)")
          } catch {
            refused += 1
            #expect(error is ScheduleError || error is ModelError, "\(error)")
          }
        }
      }
    }
    #expect(
      sound > 50 || !["k", "heun", "dpm", "unipc"].contains(convention.rawValue), "\(sound) sound, \(refused) not")
  }
}
