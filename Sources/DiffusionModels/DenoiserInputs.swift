import Tensors

/// What a transformer is given, for checks that several have in common.
struct DenoiserInputs {
  let latent: Tensor
  let conditionings: [DenoiserConditioning]
  let extras: DenoiserExtras

  private var samples: Int { latent.shape[0] }
  private var counts: String { samples == 1 ? "1" : "1 or \(samples)" }

  func requireLatent(channels: Int, multiplesOf size: Int, model: String) throws {
    guard latent.shape.count == 4, latent.shape[1] == channels, latent.count > 0 else {
      throw DenoiserMismatch(.latent, "the latent is \(latent.shape); \(model) takes [n, \(channels), h, w]")
    }
    guard latent.shape[2] % size == 0, latent.shape[3] % size == 0 else {
      throw DenoiserMismatch(
        .latent,
        "the latent is \(latent.shape[3]) wide and \(latent.shape[2]) high; \(model) takes multiples of \(size)")
    }
  }

  func requireStates(width: Int, model: String) throws {
    for states in conditionings.map(\.states) {
      guard states.shape.count == 3, states.shape[2] == width, states.count > 0,
        [1, samples].contains(states.shape[0])
      else {
        throw DenoiserMismatch(
          .conditioning, "the conditioning is \(states.shape); \(model) takes [\(counts), t, \(width)]")
      }
    }
  }

  func requirePooled(width: Int, model: String) throws {
    for conditioning in conditionings {
      guard let pooled = conditioning.pooled else {
        throw DenoiserMismatch(
          .conditioning, "the conditioning has no pooled vector of the text, which \(model) takes")
      }
      guard pooled.shape.count == 2, pooled.shape[1] == width, [1, samples].contains(pooled.shape[0]) else {
        throw DenoiserMismatch(
          .conditioning, "the conditioning's pooled vector is \(pooled.shape); \(model) takes [\(counts), \(width)]")
      }
    }
  }

  func requireReferences(channels: Int, model: String) throws {
    for reference in extras.references {
      guard reference.shape.count == 4, reference.shape[1] == channels, reference.count > 0,
        [1, samples].contains(reference.shape[0])
      else {
        throw DenoiserMismatch(
          .references, "a reference is \(reference.shape); \(model) takes [\(counts), \(channels), h, w]")
      }
    }
  }

  func requireNoReferences(model: String) throws {
    guard extras.references.isEmpty else {
      throw DenoiserMismatch(.references, "\(model) looks at no other pictures; FLUX.2 does")
    }
  }

  func requireNoConcat(model: String) throws {
    guard extras.concat == nil else {
      throw DenoiserMismatch(.concat, "\(model) sees nothing beside the latent in channels of its own")
    }
  }

  func requireNoControl(model: String) throws {
    guard extras.control == nil else {
      throw DenoiserMismatch(.control, "\(model) takes no control; ControlNets and adapters here are those of UNets")
    }
  }

  func requireNoGuidance(model: String) throws {
    guard extras.guidance == nil else {
      throw DenoiserMismatch(.guidance, "\(model) is not told a guidance scale; leave 'guidance' out")
    }
  }
}

extension [DenoiserConditioning] {
  /// A tensor of each, of n samples, one conditioning after the other: [m, ...].
  func stacked(_ tensor: (DenoiserConditioning) -> Tensor, samples: Int) -> Tensor {
    let all = map { tensor($0).repeated(toSamples: samples) }
    return all.count == 1 ? all[0] : Tensor(concatenating: all)
  }

  /// The pooled vectors, [m, p], or [1, p] where there is one for all; those without one give none.
  func stackedPooled(samples: Int) -> Tensor {
    let all = compactMap(\.pooled)
    if all.count == 1, all[0].shape[0] == 1 { return all[0] }
    return Tensor(concatenating: all.map { $0.repeated(toSamples: samples) })
  }
}

extension Tensor {
  /// The samples of each of several conditionings, as `stacked` puts them: [m, ...] -> [m / count, ...] each.
  func cut(into count: Int) -> [Tensor] {
    let samples = shape[0] / count
    return (0..<count).map { self.samples($0 * samples..<($0 + 1) * samples) }
  }
}
