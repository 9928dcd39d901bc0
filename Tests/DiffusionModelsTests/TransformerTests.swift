import Tensors
import Testing

import DiffusionModels

/// The denoisers of FLUX.1, FLUX.2 and Z-Image against diffusers' classes: whole outputs of tiny models.
struct TransformerTests {
  private static let names = [
    "flux", "flux-guidance", "flux-fill", "flux-control", "flux-kontext", "flux2", "flux2-guidance", "z-image",
    "z-image-wide",
  ]

  /// What one forward pass is given.
  private struct Pass {
    let latent: Tensor
    let conditionings: [DenoiserConditioning]
    let extras: DenoiserExtras
    let time: Double
    let output: Tensor

    init(_ tiny: TinyTransformer, _ reference: Fixture, _ index: Int) throws {
      let run = tiny.cases[index]
      latent = try reference.tensor("\(index).latent")
      output = try reference.tensor("\(index).output")
      time = run.time
      extras = DenoiserExtras(
        guidance: run.guidance, concat: try? reference.tensor("\(index).concat"),
        references: try (0..<run.references).map { try reference.tensor("\(index).reference.\($0)") })
      let texts = reference.cases("\(index).states.", "")
      conditionings =
        texts.isEmpty
        ? [
          DenoiserConditioning(
            try reference.tensor("\(index).states"), pooled: try? reference.tensor("\(index).pooled"))
        ] : try texts.sorted().map { DenoiserConditioning(try reference.tensor("\(index).states.\($0)")) }
    }

    /// The texts of Z-Image are of several lengths, one for each picture.
    func run(_ denoiser: any Denoiser) throws -> Tensor {
      guard conditionings.count > 1 else {
        return try denoiser.predict(latent: latent, time: time, conditionings: conditionings, extras: extras)[0]
      }
      return Tensor(
        concatenating: try conditionings.indices.map { index in
          try denoiser.predict(
            latent: latent.sample(index), time: time, conditionings: [conditionings[index]], extras: extras)[0]
        })
    }
  }

  @Test(arguments: names) func wholeOutputsMatchDiffusers(_ name: String) throws {
    let (tiny, reference) = (try TinyTransformer.named(name), try TinyTransformer.reference(name))
    let denoiser = try tiny.denoiser()
    for index in tiny.cases.indices {
      let pass = try Pass(tiny, reference, index)
      expectClose(try pass.run(denoiser), pass.output, within: 5e-6, "\(name) \(index)")
    }
  }

  /// One and three threads, a batch and its pictures alone, several conditionings and each alone: the same bits.
  @Test(arguments: names) func bitsDependOnNothingElse(_ name: String) throws {
    let (tiny, reference) = (try TinyTransformer.named(name), try TinyTransformer.reference(name))
    let denoiser = try tiny.denoiser()
    let pass = try Pass(tiny, reference, 1)
    let conditioning = pass.conditionings[0]
    var other = conditioning
    other.states = 0.5 * conditioning.states
    other.pooled = other.pooled.map { 0.5 * $0 }
    func predict(_ latent: Tensor, _ conditionings: [DenoiserConditioning]) throws -> [Tensor] {
      try denoiser.predict(latent: latent, time: pass.time, conditionings: conditionings, extras: pass.extras)
    }
    let threads = Parallel.threadCount
    defer { Parallel.threadCount = threads }
    Parallel.threadCount = 1
    let alone = try predict(pass.latent, [conditioning])[0]
    Parallel.threadCount = 3
    let both = try predict(pass.latent, [conditioning, other])
    #expect(both[0] == alone)
    #expect(try predict(pass.latent, [other]) == [both[1]])
    #expect(both[0] != both[1])
    #expect(try predict(pass.latent, [conditioning, other]) == both)
    for sample in 0..<pass.latent.shape[0] {
      var own = conditioning
      if own.states.shape[0] > 1 {
        own.states = own.states.sample(sample)
        own.pooled = own.pooled.map { $0.sample(sample) }
      }
      #expect(try predict(pass.latent.sample(sample), [own]) == [alone.sample(sample)])
    }
  }

  @Test(.enabled(if: Precision.bf16.isSupported), arguments: names) func bf16IsNear(_ name: String) throws {
    let (tiny, reference) = (try TinyTransformer.named(name), try TinyTransformer.reference(name))
    let pass = try Pass(tiny, reference, 0)
    expectClose(try pass.run(tiny.denoiser(precision: .bf16)), pass.output, within: 0.03, "\(name) in bf16")
  }

  /// Tokens of a style are as those of a text that comes before.
  @Test func stylesStandBeforeTheText() throws {
    let (tiny, reference) = (try TinyTransformer.named("flux"), try TinyTransformer.reference("flux"))
    let (denoiser, pass) = (try tiny.denoiser(), try Pass(tiny, reference, 0))
    let whole = pass.conditionings[0]
    let (count, tokens, width) = (whole.states.shape[0], whole.states.shape[1], whole.states.shape[2])
    func tensor(_ name: String) throws -> [Float] {
      // As the file has them.
      try #require(tiny.diffusersTensors.first { $0.name == name }).tensor.values.map { Float(Float16($0)) }
    }
    let (weight, bias) = (try tensor("context_embedder.weight"), try tensor("context_embedder.bias"))
    func part(_ range: Range<Int>) -> Tensor {
      Tensor(
        concatenating: (0..<count).map {
          whole.states.sample($0).reshaped([tokens, width]).samples(range).reshaped([1, range.count, width])
        })
    }
    func embedded(_ states: Tensor) -> Tensor {
      let rows = states.values
      return Tensor(
        shape: [states.shape[0], states.shape[1], bias.count],
        values: (0..<rows.count / width).flatMap { row in
          bias.indices.map { column in
            bias[column]
              + (0..<width).reduce(0) { $0 + weight[column * width + $1] * rows[row * width + $1] }
          }
        })
    }
    var rest = whole
    rest.states = part(3..<tokens)
    var extras = pass.extras
    // The last one's come first.
    extras.styles = [embedded(part(2..<3)), embedded(part(0..<2))]
    let ours = try denoiser.predict(latent: pass.latent, time: pass.time, conditionings: [rest], extras: extras)
    let theirs = try denoiser.predict(
      latent: pass.latent, time: pass.time, conditionings: [whole], extras: pass.extras)
    expectClose(ours[0], theirs[0], within: 1e-5, "styles")
    extras.styles = [.zeros([1, 2, bias.count + 1])]
    #expect(throws: DenoiserMismatch.self) {
      try denoiser.predict(latent: pass.latent, time: pass.time, conditionings: [rest], extras: extras)
    }
  }

  @Test func referencesLieBehindOrBeyond() {
    let pictures = [(height: 4, width: 2), (height: 2, width: 4), (height: 2, width: 2)]
    #expect(
      FluxTransformer2DModel.positions(textCount: 1, pictures: pictures, isBeyond: false) == [
        [0, 0, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 1], [2, 0, 0],
      ])
    #expect(
      FluxTransformer2DModel.positions(textCount: 1, pictures: pictures, isBeyond: true) == [
        [0, 0, 0], [0, 0, 0], [0, 1, 0], [0, 2, 1], [0, 2, 2], [0, 3, 3],
      ])
  }

  @Test func whatDoesNotFitIsTold() throws {
    func message(
      _ name: String, latent: [Int]? = nil, states: [Int]? = nil, pooled: Bool = true,
      extras: DenoiserExtras = DenoiserExtras()
    ) throws -> String {
      let (tiny, reference) = (try TinyTransformer.named(name), try TinyTransformer.reference(name))
      let pass = try Pass(tiny, reference, 0)
      var conditioning = pass.conditionings[0]
      if let states { conditioning.states = .zeros(states) }
      if !pooled { conditioning.pooled = nil }
      do {
        _ = try tiny.denoiser().predict(
          latent: latent.map { .zeros($0) } ?? pass.latent, time: 500, conditionings: [conditioning], extras: extras)
        return "nothing"
      } catch let mismatch as DenoiserMismatch {
        return "\(mismatch.input): \(mismatch.message)"
      }
    }
    #expect(
      try message("flux", latent: [1, 16, 8, 8]) == "latent: the latent is [1, 16, 8, 8]; FLUX.1 takes [n, 4, h, w]")
    #expect(
      try message("flux", latent: [1, 4, 7, 8])
        == "latent: the latent is 8 wide and 7 high; FLUX.1 takes multiples of 2")
    #expect(
      try message("flux", states: [1, 7, 24])
        == "conditioning: the conditioning is [1, 7, 24]; FLUX.1 takes [1, t, 40]")
    #expect(
      try message("flux", pooled: false)
        == "conditioning: the conditioning has no pooled vector of the text, which FLUX.1 takes")
    #expect(
      try message("flux", extras: DenoiserExtras(guidance: 3.5))
        == "guidance: FLUX.1 schnell is not told a guidance scale; leave 'guidance' out")
    #expect(
      try message("flux", extras: DenoiserExtras(references: [.zeros([1, 4, 2, 2])]))
        == "references: FLUX.1 schnell looks at no other pictures; FLUX.1 Kontext and FLUX.2 do")
    #expect(
      try message("flux-kontext", extras: DenoiserExtras(references: [.zeros([1, 4, 3, 2])]))
        == "references: a reference is 2 wide and 3 high; FLUX.1 dev takes multiples of 2")
    #expect(
      try message("flux-kontext", extras: DenoiserExtras(references: Array(repeating: .zeros([1, 4, 2, 2]), count: 2)))
        == "references: there are 2 references; FLUX.1 dev looks at one, into which several pictures can be joined")
    #expect(
      try message(
        "flux-fill", extras: DenoiserExtras(concat: .zeros([1, 68, 6, 10]), references: [.zeros([1, 4, 2, 2])]))
        == "references: FLUX.1 Fill dev looks at no other pictures; FLUX.1 Kontext and FLUX.2 do")
    #expect(
      try message("flux-fill")
        == "concat: FLUX.1 Fill dev sees 68 channels beside the latent's 4; 'concat' was expected, which InpaintConcat makes"
    )
    #expect(
      try message("flux-control", extras: DenoiserExtras(concat: .zeros([1, 5, 6, 10])))
        == "concat: it is [1, 5, 6, 10], but the latent is [1, 4, 6, 10], beside which FLUX.1 Canny or Depth dev takes "
        + "[1, 4, 6, 10]")
    #expect(
      try message("flux", extras: DenoiserExtras(concat: .zeros([1, 4, 6, 10])))
        == "concat: FLUX.1 schnell sees nothing beside the latent in channels of its own")
    #expect(
      try message("flux2", extras: DenoiserExtras(references: [.zeros([1, 4, 2, 2])]))
        == "references: a reference is [1, 4, 2, 2]; FLUX.2 takes [1, 24, h, w]")
    #expect(
      try message("z-image", states: [1, 65, 40])
        == "conditioning: the conditioning is [1, 65, 40]; Z-Image takes texts of at most 64 tokens")
    #expect(
      try message("z-image", latent: [1, 4, 130, 2])
        == "latent: the latent is 2 wide and 130 high; Z-Image takes at most 128 and 128")
  }
}
