import DiffusionModels
import GraphEngine
import StepgraphNodes
import Tensors
import Testing

/// What nodes do otherwise on a schedule, or by a generator, of ComfyUI's.
struct ComfyUINodeTests {
  private func parameters(_ type: any Node.Type, _ given: [String: ParameterValue]) -> NodeParameters {
    let defaults = NodeDeclaration(type).parameters.map { ($0.name, $0.defaultValue ?? .absent) }
    return NodeParameters(given.merging(defaults) { given, _ in given })
  }

  private func resolved<Type: Node>(_ type: Type.Type, _ given: [String: ParameterValue]) throws -> NodeParameters {
    var parameters = parameters(type, given)
    try type.init().resolve(&parameters)
    return parameters
  }

  // MARK: Noise

  /// Noise that is added is another name for a seed and a draw of torch.
  @Test func addedNoiseIsOfTheNextSeed() throws {
    func noise(_ given: [String: ParameterValue]) throws -> [ParameterValue?] {
      let values = try resolved(EulerAncestralStep.self, given.merging(["step": .int(3)]) { $1 }).values
      return ["seed", "draw", "rng"].map { values[$0] }
    }
    let seed: [String: ParameterValue] = ["seed": .int(42)]
    func by(_ rng: String, _ more: [String: ParameterValue] = [:]) throws -> [ParameterValue?] {
      try noise(seed.merging(more.merging(["rng": .string(rng)]) { $1 }) { $1 })
    }
    #expect(try by("comfyui") == [.int(43), .int(3), .string("torch")])
    #expect(try by("comfyui_0.3") == [.int(42), .int(3), .string("torch")])
    #expect(try by("torch") == [.int(42), .int(4), .string("torch")])
    #expect(try by("comfyui", ["draw": .int(9)]) == [.int(43), .int(9), .string("torch")])
    // Only 32 bits of a seed count.
    #expect(try by("comfyui", ["seed": .int(1 << 32 + 41)])[0] == .int(42))
    #expect(try by("comfyui", ["seed": .int(Int128(UInt64.max))])[0] == .int(1 << 32))
  }

  /// Second evaluations count steps, and steps without noise have no seed.
  @Test func stagesCountSteps() throws {
    for type in [DPM2AncestralStep.self, DPM2SAncestralStep.self] as [any Node.Type] {
      var second = parameters(type, ["step": .int(5), "seed": .int(7), "rng": .string("comfyui")])
      try type.init().resolve(&second)
      #expect(second.values["draw"] == .int(2) && second.values["seed"] == .int(8))
      var first = parameters(type, ["step": .int(4), "seed": .int(7), "rng": .string("comfyui")])
      try type.init().resolve(&first)
      #expect(first.values["draw"] == .absent && first.values["seed"] == .int(0))
    }
  }

  @Test func startNoiseIsTorchs() throws {
    for type in [EmptyLatent.self, AddNoise.self] as [any Node.Type] {
      var own = parameters(type, ["seed": .int(42), "rng": .string("comfyui")])
      var torch = parameters(type, ["seed": .int(42)])
      try type.init().resolve(&own)
      try type.init().resolve(&torch)
      #expect(own.values == torch.values)
    }
  }

  // MARK: AddNoise

  private func schedule(_ isFlow: Bool, _ change: (inout ScheduleOptions) -> Void = { _ in }) throws -> Schedule {
    var options = ScheduleOptions(steps: 4, convention: .comfyui)
    change(&options)
    let values: [String: JSONValue] = isFlow ? ["_class_name": .string("FlowMatchEulerDiscreteScheduler")] : [:]
    return try Schedule(SchedulerConfig(ConfigFile(path: "scheduler_config.json", values: values)), options)
  }

  private func noised(_ latent: Latent, _ schedule: Schedule, amount: Double? = nil) throws -> Latent {
    let given: [String: ParameterValue] = ["seed": .int(1), "amount": amount.map { .float($0) } ?? .absent]
    var io = NodeIO(
      parameters: try resolved(AddNoise.self, given), inputs: ["latent": [latent], "schedule": [schedule]])
    try AddNoise().run(&io)
    return try #require(io.outputs["latent"] as? Latent)
  }

  private let picture = Latent(Tensor(shape: [1, 1, 4, 4], values: (0..<16).map(Float.init)), level: .clean)
  private var z: [Float] { NormalStream(seed: 1, generator: .torch).draw(0, shape: [1, 1, 4, 4]).values }

  private func expectSum(_ actual: Latent, _ signal: Double, _ noise: Double, of values: [Float]? = nil) {
    for (index, value) in actual.tensor.values.enumerated() {
      let expected = signal * Double((values ?? picture.tensor.values)[index]) + noise * Double(z[index])
      #expect(abs(Double(value) - expected) < 2e-6, "\(index)")
    }
  }

  /// At the greatest sigma all of the noise: of a diffusion its variance is that of the sample, of a flow nothing is left.
  @Test func aRunBeginsInAllNoise() throws {
    let diffusion = try schedule(false)
    let level = diffusion.level(of: 0)
    expectSum(try noised(picture, diffusion), level.signal, 1)
    expectSum(try noised(picture, schedule(true)), 0, 1)
    // Also where the first evaluation is a little below it.
    let below = try schedule(true) { $0.sampler = .erSDE }
    #expect(below.levels[0] > 0)
    expectSum(try noised(picture, below), 0, 1)
  }

  @Test func inBetweenTheNoiseIsOfTheLevel() throws {
    for isFlow in [false, true] {
      let late = try schedule(isFlow) { $0.from = 2 }
      let level = late.level(of: 0)
      expectSum(try noised(picture, late), level.signal, level.noise)
      expectSum(try noised(picture, late, amount: 0), level.signal, 0)
      // What another run left noisy was divided by its signal.
      let halfway = NoiseLevel(0.25, isFlow ? .flow : .diffusion)
      let noisy = Latent(picture.tensor, level: halfway)
      expectSum(try noised(noisy, late), level.signal / halfway.signal, level.noise)
      // At its own level it stays what it is, to the bit.
      let same = Latent(picture.tensor, level: level)
      #expect(try noised(same, late, amount: 0).tensor.values == picture.tensor.values)
    }
  }

  @Test func pureNoiseIsRefused() throws {
    let pure = Latent(picture.tensor, level: .pureNoise)
    let failure = #expect(throws: NodeFailure.self) { try noised(pure, schedule(false)) }
    #expect(failure?.port == "latent")
    // Other conventions take clean latents alone.
    let config = try SchedulerConfig(ConfigFile(path: "scheduler_config.json", values: [:]))
    let other = try Schedule(config, steps: 4)
    let noisy = Latent(picture.tensor, level: NoiseLevel(0.5))
    #expect(throws: NodeFailure.self) { try noised(noisy, other) }
  }
}
