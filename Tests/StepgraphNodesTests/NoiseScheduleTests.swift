import DiffusionModels
import Foundation
import GraphEngine
import Testing

import StepgraphNodes

struct NoiseScheduleTests {
  private static let model = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures/sd1-tiny/model").path

  /// A node's parameters with `given` ones, the others at their defaults.
  private func parameters(_ type: any Node.Type, _ given: [String: ParameterValue]) -> NodeParameters {
    let defaults = NodeDeclaration(type).parameters.map { ($0.name, $0.defaultValue ?? .absent) }
    return NodeParameters(given.merging(defaults) { given, _ in given })
  }

  private func resolved(_ given: [String: ParameterValue]) throws -> NodeParameters {
    var parameters = parameters(NoiseSchedule.self, given)
    try NoiseSchedule().resolve(&parameters)
    return parameters
  }

  private func schedule(_ given: [String: ParameterValue]) throws -> Schedule {
    var loading = NodeIO(parameters: parameters(LoadModel.self, ["path": .path(Self.model)]), inputs: [:])
    try LoadModel().run(&loading)
    var io = NodeIO(parameters: try resolved(given), inputs: ["denoiser": [try #require(loading.outputs["denoiser"])]])
    try NoiseSchedule().run(&io)
    return try #require(io.outputs["schedule"] as? Schedule)
  }

  /// Each parameter alone does what its option does, and something.
  @Test func everyParameterIsUsed() throws {
    let cases: [(given: [String: ParameterValue], option: (inout ScheduleOptions) -> Void)] = [
      (["steps": .int(7)], { $0.steps = 7 }),
      (["spacing": .string("trailing")], { $0.spacing = .trailing }),
      (["spacing": .string("leading"), "offset": .int(5)], { ($0.spacing, $0.offset) = (.leading, 5) }),
      (["curve": .string("karras")], { $0.curve = .karras }),
      (["end": .string("sigma_min")], { $0.end = .sigmaMin }),
      (["timesteps": .list([.float(900), .float(300.5)])], { $0.timesteps = [900, 300.5] }),
      (["sigmas": .list([.float(9), .float(1), .float(0)])], { $0.sigmas = [9, 1, 0] }),
      (["strength": .float(0.4)], { $0.strength = 0.4 }),
      (["beta_schedule": .string("linear")], { $0.betaSchedule = .linear }),
      (["beta_start": .float(0.001)], { $0.betaStart = 0.001 }),
      (["beta_end": .float(0.02)], { $0.betaEnd = 0.02 }),
      (["zero_snr": .bool(true)], { $0.zeroSNR = true }),
      (["prediction": .string("v")], { $0.prediction = .v }),
      (["convention": .string("heun")], { $0.convention = .heun }),
      (["convention": .string("lcm"), "original_steps": .int(30)], { ($0.convention, $0.originalSteps) = (.lcm, 30) }),
    ]
    let config = try Model(path: Self.model).schedulerConfig()
    let plain = try Schedule(config, ScheduleOptions(convention: .k))
    for (given, option) in cases {
      var options = ScheduleOptions(convention: .k)
      option(&options)
      let actual = try schedule(given.merging(["convention": .string("k")]) { given, _ in given })
      #expect(try actual == Schedule(config, options), "\(given)")
      #expect(actual != plain, "\(given)")
    }
    let named = Set(cases.flatMap(\.given.keys))
    // `first` is of use beside a wire alone (`ScheduleJointTests`), and four for flow models (`FlowErrorTests`).
    let others: Set = ["first", "shift", "mu", "width", "height"]
    // What is of ComfyUI's convention is in `ComfyUIScheduleTests`, and here what the node makes of it.
    let comfyUI: [String: ParameterValue] = ["convention": .string("comfyui")]
    let ofComfyUI: [String: [String: ParameterValue]] = [
      "sampler": ["sampler": .string("heun")], "denoise": ["denoise": .float(0.5)], "from": ["from": .int(3)],
      "to": ["to": .int(7)], "discard": ["discard": .bool(false), "sampler": .string("dpm_2")],
      "curve_shape": ["curve_shape": .list([.float(0.7), .float(0.9)]), "curve": .string("beta")],
    ]
    for (name, given) in ofComfyUI {
      let without = given.filter { $0.key != name }
      let made = try [given, without].map { try schedule($0.merging(comfyUI) { given, _ in given }) }
      #expect(made[0] != made[1], "\(name)")
    }
    #expect(
      named.union(others).union(ofComfyUI.keys) == Set(NodeDeclaration(NoiseSchedule.self).parameters.map(\.name)))
  }

  @Test func parametersWithoutEffectMakeNoSecondKey() throws {
    let list: [String: ParameterValue] = [
      "convention": .string("dpm"), "timesteps": .list([.float(900), .float(100)]),
    ]
    let idle: [String: ParameterValue] = ["steps": .int(2), "spacing": .string("leading"), "curve": .string("none")]
    #expect(try resolved(list.merging(idle) { $1 }).values == resolved(list).values)
    let trailing: [String: ParameterValue] = ["spacing": .string("trailing")]
    #expect(try resolved(trailing.merging(["offset": .int(3)]) { $1 }).values == resolved(trailing).values)
    #expect(try resolved(["offset": .int(3)]).values != resolved([:]).values)
  }

  /// `k` is the convention of the steps that take the schedule, Euler's when they are of several methods.
  @Test(
    arguments: [
      ([EulerAncestralStep.self, UNetPredict.self], "euler_ancestral"), ([LMSStep.self, DDIMStep.self], "lms"),
      ([EulerStep.self], "k"), ([EulerStep.self, LMSStep.self], "k"), ([UNetPredict.self, AddNoise.self], "k"),
      ([], "k"),
    ] as [([any Node.Type], String)])
  func theStepsDecideWhatKIs(_ consumers: [any Node.Type], _ expected: String) {
    var chosen = parameters(NoiseSchedule.self, ["convention": .string("k")])
    NoiseSchedule().resolve(&chosen, consumers: consumers)
    #expect(chosen.values["convention"] == .string(expected))
    var others = parameters(NoiseSchedule.self, ["convention": .string("dpm")])
    NoiseSchedule().resolve(&others, consumers: consumers)
    #expect(others.values["convention"] == .string("dpm"))
  }

  @Test func problemsAreToldAtTheirParameter() throws {
    let failure = #expect(throws: NodeFailure.self) { try schedule(["steps": .int(1000)]) }
    #expect(failure?.port == "steps")
    let early = #expect(throws: NodeFailure.self) {
      try resolved(["end": .string("zero"), "convention": .string("deis")])
    }
    #expect(early?.port == "end")
    #expect(early?.message == "end zero is not for the convention deis; it ends at sigma_min always")
  }
}
