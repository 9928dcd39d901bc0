import DiffusionModels
import GraphEngine
import Tensors

/// The random numbers of a stochastic step.
struct NoisePorts: PortGroup {
  let seed: Parameter<UInt64>
  let draw: OptionalParameter<Int>
  let rng = RandomParameters.rngOrComfyUI
  let scale = NoiseScale.parameter

  /// `unused` tells when the step takes no noise, `defaultDraw` which draw it takes when none is given.
  init(unused: String = "", defaultDraw: String = "step + 1") {
    seed = Parameter("seed", "Seed of the step's noise\(unused.isEmpty ? "" : "; unused \(unused)").", default: 0)
    draw = OptionalParameter(
      "draw", "Which randn of the seed's stream to use; \(defaultDraw) when left out.", min: 0,
      max: Double(NormalStream.maximumDraw))
  }

  /// Fills in the default draw; without one, where a step takes no noise, drops all of them.
  func resolve(_ parameters: inout NodeParameters, defaultDraw: Int?) {
    guard let defaultDraw else {
      parameters[seed] = 0
      parameters[draw] = nil
      parameters[rng] = RandomParameters.defaultGenerator
      parameters[scale] = nil
      return
    }
    NoiseScale.settle(&parameters, scale)
    let isOfComfyUI = RandomParameters.settle(&parameters, rng, seedOfAdded: seed)
    // Its stream begins with the first noise that is added.
    if parameters[draw] == nil { parameters[draw] = isOfComfyUI ? defaultDraw - 1 : defaultDraw }
  }

  /// The same for a method of two stages, of which the second alone draws.
  func resolve(_ parameters: inout NodeParameters, forSecondStagesOf ports: StepPorts) {
    let step = parameters[ports.step]
    resolve(&parameters, defaultDraw: step.isMultiple(of: 2) ? nil : (step + 1) / 2)
  }

  /// Standard normal noise for a latent of `shape`, by parameters that `resolve` has seen and not dropped.
  func noise(_ io: NodeIO, shape: [Int]) -> LinearCombination {
    guard let draw = io[draw] else { preconditionFailure("no draw was resolved") }
    return NoiseScale.scaled(
      LinearCombination(RandomParameters.noise(shape, seed: io[seed], draw: draw, generator: io[rng])), by: io[scale])
  }
}
