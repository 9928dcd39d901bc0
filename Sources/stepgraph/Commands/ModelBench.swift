import ArgumentParser
import Diagnostics
import DiffusionModels
import Foundation
import Safetensors
import Tensors

extension BenchCommand {
  struct Model: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "model", abstract: "Times one part of a model.",
      discussion: """
        Every run has a new latent, time step and conditioning. Loading the weights and the first run are told apart \
        from the others, for they also take memory from the system.
        """)

    enum Part: String, ExpressibleByArgument, CaseIterable { case text, unet, vae }

    @Option(help: "A model folder in the diffusers layout, or a safetensors or GGUF file.")
    var model: String

    @Option(
      help:
        "text (the text encoder), unet (one forward of the denoiser, of any family) or vae (one decode)."
    )
    var part: Part

    @Option(help: "Width and height of the picture in pixels.")
    var size = 512

    @Option(help: "Tokens of text that a transformer is given.")
    var tokens = 512

    @Option(help: "Samples of a run.")
    var batch = 1

    @Option(help: "f32 or bf16.")
    var precision = "f32"

    @Option(help: "Timed runs.")
    var runs = 3

    @Option(help: "Threads; all cores when left out.")
    var threads: Int?

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Tell the time of each kind of layer, with its share and its floor.")
    var profile = false

    func validate() throws {
      for (name, value) in [
        ("size", size), ("batch", batch), ("runs", runs), ("threads", threads ?? 1),
        ("tokens", tokens),
      ] where value < 1 {
        throw ValidationError("--\(name) is \(value); 1 or more was expected")
      }
      for (name, value, most) in [
        ("size", size, 8192), ("batch", batch, 64), ("tokens", tokens, 4096),
      ] where value > most {
        throw ValidationError("--\(name) is \(value); at most \(most) was expected")
      }
      guard let chosen = Precision(rawValue: precision) else {
        throw ValidationError("--precision is '\(precision)'; f32 or bf16 was expected")
      }
      guard chosen.isSupported else {
        throw ValidationError("this processor cannot compute in \(precision); expected --precision f32")
      }
    }

    func run() async throws {
      try await reporting {
        if let threads { Parallel.threadCount = threads }
        let report = try measure()
        try Terminal.write(json ? jsonText(report) : report.text)
      }
    }

    private func measure() throws -> BenchReport {
      do {
        let opened = try DiffusionModels.Model(path: model, precision: Precision(rawValue: precision) ?? .f32)
        var forward: ((Int) throws -> Void)?
        let load = try seconds { forward = try prepare(opened) }
        guard let forward else { preconditionFailure("measured without running") }
        let first = try seconds { try forward(0) }
        Profile.start()
        let times = try (1...runs).map { run in try seconds { try forward(run) } }
        let layers = Profile.stop()
        return BenchReport(
          part: part.rawValue, size: size, batch: batch, precision: precision, load: load, first: first, times: times,
          layers: layers, showsProfile: profile)
      } catch let error as ModelError {
        throw Diagnostic(error.message)
      } catch let error as WeightFileError {
        throw Diagnostic(error.message)
      }
    }

    /// Loads the part; returns a function that runs it once, each number on other inputs.
    private func prepare(_ model: DiffusionModels.Model) throws -> (Int) throws -> Void {
      func noise(_ shape: [Int], _ run: Int, _ salt: UInt64) -> Tensor {
        NormalStream(seed: UInt64(run) << 8 | salt, generator: .philox).draw(0, shape: shape)
      }
      switch part {
      case .text:
        guard model.textRecipe == .stableDiffusion || model.textRecipe == .sdxl else { return try prepareText(model) }
        let encoder = try model.clipEncoders()[0].model
        let (length, words) = (encoder.config.maxPositions, encoder.config.vocabSize)
        return { run in
          let ids = (0..<batch * length).map { ($0 &* 7919 &+ run &* 104_729) % words }
          _ = try encoder((0..<batch).map { Array(ids[$0 * length..<($0 + 1) * length]) })
        }
      case .unet where model.unetConfig == nil:
        let (denoiser, side) = (try model.denoiser(), try latentSide(model))
        guard let config = model.denoiserConfig else {
          preconditionFailure("a denoiser without a config")
        }
        let beside = config.concat.map { noise([1, $0.channels, side, side], 0, 3) }
        let pooled: Int? = if case .flux(let config) = config { config.pooledSize } else { nil }
        return { run in
          _ = try denoiser.predict(
            latent: noise([batch, config.latentChannels, side, side], run, 0),
            time: Double(999 - run * 7 % 999),
            conditionings: [
              DenoiserConditioning(
                noise([batch, tokens, config.conditioningSize], run, 1),
                pooled: pooled.map { noise([batch, $0], run, 2) })
            ], extras: DenoiserExtras(concat: beside))
        }
      case .unet:
        let unet = try model.unet()
        let (config, side) = (unet.config, try latentSide(model))
        let length = model.textConfigs.first?.clip?.maxPositions ?? 77
        // The pooled text and the six numbers that SDXL takes beside it.
        let pooled = config.addedEmbedding.map { $0.inputs - 6 * $0.numberSize }
        return { run in
          let conditioning = UNetConditioning(
            noise([batch, length, config.conditioningSize], run, 1), pooled: pooled.map { noise([batch, $0], run, 2) },
            numbers: pooled == nil ? [] : PictureSizes().numbers(count: 6, width: size, height: size))
          _ = try unet(
            latent: noise([batch, config.inputChannels, side, side], run, 0), timestep: Double(999 - run * 7 % 999),
            conditionings: [conditioning])
        }
      case .vae:
        let vae = try model.vae()
        let side = try latentSide(model)
        return { run in
          _ = try vae.decode(noise([batch, model.vaeConfig?.modelChannels ?? 4, side, side], run, 0))
        }
      }
    }

    /// A text of as many tokens as the family's pipeline takes, through all its encoders.
    private func prepareText(_ model: DiffusionModels.Model) throws -> (Int) throws -> Void {
      let encoders = try model.textEncoders()
      return { run in
        let text = (0..<1000).map { "\(run &+ $0)" }.joined(separator: " ")
        let prompts = Array(repeating: try Prompt(text, syntax: .plain), count: encoders.promptCount)
        _ = try encoders.encode(encoders.tokens(of: prompts, TokenizingOptions()), clipSkip: 0)
      }
    }

    private func latentSide(_ model: DiffusionModels.Model) throws -> Int {
      let factor = model.pixelsPerLatent
      guard size % factor == 0 else {
        throw Diagnostic("--size is \(size); the model takes multiples of \(factor)")
      }
      return size / factor
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
      try ContinuousClock().measure(body) / .seconds(1)
    }
  }
}
