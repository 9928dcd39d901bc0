import Foundation
import Testing

import DiffusionModels

/// Schedules of the convention comfyui against the lists that ComfyUI 0.8.0 gave.
@Suite("Schedules of ComfyUI") struct ComfyUIScheduleTests {
  private struct Lists: Decodable {
    struct Model: Decodable {
      let `class`: String
      let shift: Double?
    }
    let models: [String: Model]
    let sigmas: [String: [String: [String: [Double]]]]
    let flux2: [String: [Double]]
    let denoise: [String: [String: [Double]]]

    enum CodingKeys: String, CodingKey {
      case models, sigmas, denoise
      case flux2 = "flux2_scheduler"
    }
  }

  private let lists: Lists

  init() throws {
    let path = "\(Fixture.folder)/comfyui/sigmas.json"
    lists = try JSONDecoder().decode(Lists.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func config(_ values: [String: JSONValue]) throws -> SchedulerConfig {
    try SchedulerConfig(ConfigFile(path: "scheduler_config.json", values: values))
  }

  private func diffusion() throws -> SchedulerConfig { try config([:]) }

  private func flow(shift: Double = 1) throws -> SchedulerConfig {
    try config(["_class_name": .string("FlowMatchEulerDiscreteScheduler"), "shift": .float(shift)])
  }

  private func options(
    _ sampler: ComfyUISampler = .euler, steps: Int = 8, _ curve: SigmaCurve = .simple,
    _ change: (inout ScheduleOptions) -> Void = { _ in }
  ) -> ScheduleOptions {
    var options = ScheduleOptions(steps: steps, convention: .comfyui)
    (options.sampler, options.curve) = (sampler, curve)
    change(&options)
    return options
  }

  /// Of a model of the fixture, which says what the noise is by shift or mu.
  private func schedule(_ model: String, _ options: ScheduleOptions) throws -> Schedule {
    var options = options
    let known = try #require(lists.models[model])
    if known.class == "ModelSamplingFlux" { options.mu = known.shift }
    if known.class == "ModelSamplingDiscreteFlow" { options.shift = known.shift }
    return try Schedule(known.class == "ModelSamplingDiscrete" ? diffusion() : flow(), options)
  }

  private func sigmas(_ schedule: Schedule) -> [Double] {
    let end = NoiseLevel(schedule.endLevel, schedule.kind)
    return schedule.starts.map { schedule.level(of: $0).time } + [end.time]
  }

  /// To the rounding of a library that takes logarithms and powers in single precision.
  private func expectSame(_ actual: [Double], _ expected: [Double], _ name: String) {
    #expect(actual.count == expected.count, "\(name)")
    for (a, b) in zip(actual, expected) { #expect(abs(a - b) <= 2.5e-7 * b, "\(name): \(a), not \(b)") }
  }

  @Test func everyListIsComfyUIs() throws {
    var count = 0
    for (model, curves) in lists.sigmas {
      for (name, runs) in curves {
        let curve = try #require(SigmaCurve(rawValue: name))
        for (steps, expected) in runs {
          let made = try schedule(model, options(steps: try #require(Int(steps)), curve))
          expectSame(sigmas(made), expected, "\(model) \(name) \(steps)")
          count += 1
        }
      }
    }
    #expect(count == 135)
    for (name, expected) in lists.denoise["flux1-dev, ModelSamplingFlux 1.15 0.5 1024x1024"] ?? [:] {
      let parts = name.split(separator: "/").map(String.init)
      let made = try schedule(
        "flux1-dev, ModelSamplingFlux 1.15 0.5 1024x1024",
        options(steps: Int(parts[1]) ?? 0, SigmaCurve(rawValue: parts[0]) ?? .plain) { $0.denoise = Double(parts[2]) })
      expectSame(sigmas(made), expected, name)
    }
  }

  @Test func flux2BendsByThePicture() throws {
    #expect(lists.flux2.count == 18)
    for (name, expected) in lists.flux2 {
      let match = try #require(name.wholeMatch(of: /(\d+) steps (\d+)x(\d+)/))
      let (steps, width, height) = (Int(match.1) ?? 0, Double(match.2) ?? 0, Double(match.3) ?? 0)
      let made = try Schedule(
        flow(), options(steps: steps, .flux2) { $0.imageTokens = Int((width * height / 256).rounded(.toNearestOrEven)) }
      )
      expectSame(sigmas(made), expected, name)
    }
  }

  /// What is told is the nearest whole time, and of two as near the later one.
  @Test func timesAreWhole() throws {
    #expect(try Schedule(diffusion(), options(steps: 6, .normal)).timesteps == [999, 799, 599, 400, 200, 0])
    #expect(try Schedule(diffusion(), options(steps: 6, .sgmUniform)).timesteps == [999, 833, 666, 500, 333, 166])
    #expect(try Schedule(diffusion(), options(steps: 4, .simple)).timesteps == [999, 749, 499, 249])
    let turbo = try Schedule(
      diffusion(),
      options {
        $0.timesteps = [999, 899, 799]; $0.curve = nil
      })
    #expect(turbo.timesteps == [999, 899, 799] && turbo.endLevel == 1)
    // A flow is told its sigma.
    let flow = try Schedule(flow(shift: 3), options(steps: 4, .simple))
    #expect(flow.timesteps.map { Float($0 / 1000) } == flow.starts.map { Float(flow.level(of: $0).time) })
  }

  /// Samplers that compute with log SNR begin just below pure noise, and take its noise.
  @Test func someBeginBelowNoise() throws {
    for (shift, mu, expected) in [
      (1.0, nil, 0.9999), (3, nil, 0.9999666644), (1, 1.15, 0.9999683342), (1, 2.02, 0.9999867333),
    ] {
      for sampler in [ComfyUISampler.erSDE, .dpmppSDE, .dpmpp2MSDE, .dpmpp3MSDE] {
        let made = try Schedule(flow(shift: shift), options(sampler) { $0.mu = mu })
        #expect(abs(sigmas(made)[0] - expected) < 3.1e-8 && made.startsFromNoise, "\(sampler) \(sigmas(made)[0])")
      }
      #expect(try sigmas(Schedule(flow(shift: shift), options(.dpmpp2M) { $0.mu = mu }))[0] == 1)
    }
    #expect(try sigmas(Schedule(diffusion(), options(.erSDE))) == sigmas(Schedule(diffusion(), options())))
  }

  /// uni_pc and dpm_2 leave out the last sigma above 0 where KSampler makes the list, and uni_pc ends at 0.001.
  @Test func someListsHaveOtherEnds() throws {
    let nine = try sigmas(Schedule(diffusion(), options(steps: 9)))
    for sampler in [ComfyUISampler.dpm2, .dpm2Ancestral, .uniPC, .uniPCbh2] {
      let made = try Schedule(diffusion(), options(sampler))
      #expect(sigmas(made) == nine.dropLast(2) + [0], "\(sampler)")
      let whole = try Schedule(diffusion(), options(sampler) { $0.discard = false })
      #expect(try sigmas(whole) == sigmas(Schedule(diffusion(), options())), "\(sampler)")
    }
    let uniPC = try Schedule(diffusion(), options(.uniPC))
    #expect(abs(uniPC.target(of: 7).sigma - 0.001) < 1e-9 && uniPC.endLevel == 1)
    #expect(try abs(1 - Schedule(flow(), options(.uniPC)).targetLevels[7] - 0.001) < 1e-9)
  }

  @Test func evaluationsFollowTheSampler() throws {
    func evaluations(_ sampler: ComfyUISampler, steps: Int = 8) throws -> Schedule {
      try Schedule(diffusion(), options(sampler, steps: steps))
    }
    #expect(try evaluations(.heun).levels.count == 15 && evaluations(.dpm2).levels.count == 15)
    // Times between steps are whole too.
    let dpm2 = try evaluations(.dpm2)
    #expect(dpm2.timesteps.allSatisfy { $0 == $0.rounded() })
    let middle = dpm2.level(of: 1).sigma
    #expect(abs(middle * middle / (dpm2.level(of: 0).sigma * dpm2.level(of: 2).sigma) - 1) < 1e-6)
    // Groups of three, and what is left.
    for (steps, groups) in [(8, [3, 3, 2]), (9, [3, 3, 2, 1]), (7, [3, 3, 1]), (1, [1])] {
      let fast = try evaluations(.dpmFast, steps: steps)
      let ends = fast.starts.dropFirst() + [fast.levels.count]
      #expect(zip(fast.starts, ends).map { $1 - $0 } == groups, "\(steps): \(fast.starts)")
      #expect(fast.levels.count == steps && fast.endLevel == 1 && fast.targetLevels[steps - 1] < 1)
    }
    // A list that ends before 0 has two evaluations in its last step too.
    let (cut, heun) = (try Schedule(diffusion(), options(.heun) { $0.to = 3 }), try evaluations(.heun))
    #expect(cut.levels.count == 6 && cut.endLevel == heun.levels[6])
  }

  @Test func partsOfAListAreThoseOfTheWhole() throws {
    let whole = try Schedule(diffusion(), options())
    let low = try Schedule(diffusion(), options { $0.from = 5 })
    #expect(low.levels == Array(whole.levels[5...]) && !low.startsFromNoise && low.endLevel == 1)
    let high = try Schedule(diffusion(), options { $0.to = 5 })
    #expect(high.levels == Array(whole.levels[..<5]) && high.startsFromNoise && high.endLevel == whole.levels[5])
    let finished = try Schedule(diffusion(), options { ($0.to, $0.end) = (5, .zero) })
    #expect(finished.levels == high.levels && finished.endLevel == 1 && finished.targetLevels[4] == 1)
    // Below its greatest sigma a list starts from the noise of its level.
    #expect(try !Schedule(diffusion(), options(.euler, .ddimUniform)).startsFromNoise)
    #expect(try Schedule(diffusion(), options(steps: 6, .ddimUniform)).levels.count == 7)
  }

  @Test func whatCannotBeIsSaid() throws {
    func problem(_ config: SchedulerConfig, _ options: ScheduleOptions) -> ScheduleOptions.Name? {
      do {
        _ = try Schedule(config, options)
        return nil
      } catch { return (error as? ScheduleError)?.option }
    }
    let (diffusion, flow) = (try diffusion(), try flow())
    #expect(problem(diffusion, options { $0.strength = 0.5 }) == .strength)
    #expect(problem(diffusion, options { $0.spacing = .leading }) == .spacing)
    #expect(problem(diffusion, options { $0.denoise = 0 }) == .denoise)
    #expect(problem(diffusion, options { $0.shift = 3 }) == .shift)
    #expect(problem(diffusion, options { $0.curveShape = [1, 1] }) == .curveShape)
    #expect(problem(diffusion, options { $0.from = 8 }) == .from)
    #expect(problem(diffusion, options { ($0.from, $0.to) = (4, 4) }) == .to)
    #expect(problem(diffusion, options(.euler, .flux2)) == .curve)
    #expect(problem(flow, options(.euler, .flux2)) == .latent)
    #expect(problem(diffusion, options(steps: 1000, .normal)) == nil)
    #expect(problem(flow, options { ($0.sigmas, $0.curve) = ([1.5, 0.5, 0], nil) }) == .sigmas)
    #expect(problem(diffusion, options { $0.end = .sigmaMin }) == .end)
    var other = ScheduleOptions(steps: 8, convention: .k)
    other.sampler = .euler
    #expect(problem(diffusion, other) == .sampler)
    other.sampler = nil
    other.curve = .klOptimal
    #expect(problem(diffusion, other) == .curve)
  }

  /// What decides nothing makes no second key.
  @Test func samplersOfOneListAreOne() {
    #expect(options(.dpmpp2M).canonical() == options(.euler) { ($0.sampler, $0.curve) = (nil, nil) })
    #expect(options(.uniPCbh2).canonical() == options(.uniPC).canonical())
    #expect(options(.uniPC) { $0.discard = true }.canonical() == options(.uniPC).canonical())
    #expect(options(.uniPC) { $0.discard = false }.canonical() != options(.uniPC).canonical())
    #expect(options(.erSDE).canonical() == options(.dpmpp3MSDE).canonical())
    #expect(options(.heun).canonical() != options(.euler).canonical())
    #expect(options { $0.denoise = 1 }.canonical() == options().canonical())
  }
}
