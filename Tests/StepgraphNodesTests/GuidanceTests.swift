import DiffusionModels
import GraphEngine
import StepgraphNodes
import Tensors
import Testing

/// Nodes that change guidance, against what ComfyUI 0.8.0 makes of it (`Fixtures/comfyui/make_guidance.py`).
struct GuidanceTests {
  private static let scale = 4.5

  private func schedule(_ kind: String) throws -> Schedule {
    var options = ScheduleOptions(convention: .comfyui)
    options.sigmas = kind == "flow" ? [0.75, 0] : [3, 0]
    let values: [String: JSONValue] =
      kind == "flow" ? ["_class_name": .string("FlowMatchEulerDiscreteScheduler")] : [:]
    return try Schedule(SchedulerConfig(ConfigFile(path: "scheduler_config.json", values: values)), options)
  }

  @Test(arguments: [("diffusion", PredictionType.epsilon), ("diffusion", .v), ("flow", .flow)])
  func changesAreComfyUIs(_ kind: String, _ prediction: PredictionType) throws {
    let file = try Fixtures.tensors("comfyui/guidance.safetensors")
    func tensor(_ name: String) throws -> Tensor { try file.tensor("\(kind).\(name)") }
    let schedule = try schedule(kind)
    let level = schedule.level(of: 0)
    let latent = Float(level.scale) * (try tensor("x"))
    func predicted(_ name: String) throws -> NoisePrediction {
      let output = Evaluation.output(
        prediction, sample: LinearCombination(latent), denoised: LinearCombination(try tensor(name)), level: level)
      return NoisePrediction(output.evaluated(), kind: prediction)
    }
    let (positive, negative) = (try predicted("positive"), try predicted("negative"))
    let guided = NoisePrediction(
      negative.tensor + Float(Self.scale) * (positive.tensor - negative.tensor), kind: prediction)
    let common: [String: any WireValue] = [
      "noise": guided, "positive": positive, "latent": Latent(latent, level: level), "schedule": schedule,
    ]
    let cases: [(String, String, [String: ParameterValue], [String: any WireValue])] = [
      ("RescaleCFG", "rescale", ["amount": .float(0.7)], [:]),
      ("CFGZeroStar", "zero_star", ["scale": .float(Self.scale)], ["uncond": negative]),
      ("CFGNorm", "norm", ["strength": .float(1.25)], [:]),
    ]
    for (type, name, parameters, more) in cases {
      let run = try NodeRun(
        type, parameters.merging(["step": .int(0)]) { $1 }, common.merging(more) { $1 })
      let changed = try #require(run.outputs["noise"] as? NoisePrediction)
      #expect(changed.kind == prediction)
      let clean = Evaluation(
        sample: LinearCombination(latent), output: LinearCombination(changed.tensor), kind: prediction, level: level
      ).denoised.evaluated()
      let expected = try tensor(name)
      let relative = clean.greatestDifference(to: expected) / (expected.values.map(abs).max() ?? 1)
      #expect(relative < 5e-6, "\(type) of \(kind) \(prediction): \(relative)")
    }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let schedule = try schedule("flow")
    let latent = Latent(.zeros([1, 4, 2, 2]), level: schedule.level(of: 0))
    let wide = NoisePrediction(.zeros([1, 4, 2, 3]), kind: .flow)
    let fitting = NoisePrediction(.zeros([1, 4, 2, 2]), kind: .flow)
    #expect(
      failure(
        "CFGNorm", ["step": .int(0)],
        ["noise": wide, "positive": wide, "latent": latent, "schedule": schedule])?.message
        == "the prediction is [1, 4, 2, 3], but the latent is [1, 4, 2, 2]")
    #expect(
      failure(
        "RescaleCFG", ["step": .int(0)],
        ["noise": wide, "positive": fitting, "latent": latent, "schedule": schedule])?.port == "noise")
    #expect(
      failure(
        "CFGNorm", ["step": .int(1)],
        ["noise": fitting, "positive": fitting, "latent": latent, "schedule": schedule])?.port == "step")
    #expect(
      failure(
        "CFGNorm", ["step": .int(0)],
        ["noise": fitting, "positive": fitting, "latent": Latent(latent.tensor, level: .clean), "schedule": schedule]
      )?.port == "latent")
  }
}
