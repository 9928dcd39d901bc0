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

  func requireReferences(channels: Int, multiplesOf size: Int = 1, model: String) throws {
    for reference in extras.references {
      guard reference.shape.count == 4, reference.shape[1] == channels, reference.count > 0,
        [1, samples].contains(reference.shape[0])
      else {
        throw DenoiserMismatch(
          .references, "a reference is \(reference.shape); \(model) takes [\(counts), \(channels), h, w]")
      }
      guard reference.shape[2] % size == 0, reference.shape[3] % size == 0 else {
        throw DenoiserMismatch(
          .references,
          "a reference is \(reference.shape[3]) wide and \(reference.shape[2]) high; \(model) takes multiples of \(size)"
        )
      }
    }
  }

  func requireOneReference(model: String) throws {
    guard extras.references.count < 2 else {
      throw DenoiserMismatch(
        .references,
        "there are \(extras.references.count) references; \(model) looks at one, into which several pictures can be joined"
      )
    }
  }

  func requireNoReferences(model: String) throws {
    guard extras.references.isEmpty else {
      throw DenoiserMismatch(.references, "\(model) looks at no other pictures; FLUX.1 Kontext and FLUX.2 do")
    }
  }

  func requireConcat(channels: Int, maker: String, model: String) throws {
    guard let concat = extras.concat else {
      throw DenoiserMismatch(
        .concat,
        "\(model) sees \(channels) channels beside the latent's \(latent.shape[1]); 'concat' was expected, which \(maker) makes"
      )
    }
    guard concat.shape.count == 4, concat.shape[1] == channels, concat.shape[2...] == latent.shape[2...],
      [1, samples].contains(concat.shape[0])
    else {
      throw DenoiserMismatch(
        .concat,
        "it is \(concat.shape), but the latent is \(latent.shape), beside which \(model) takes [\(counts), \(channels), "
          + "\(latent.shape[2]), \(latent.shape[3])]")
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

  func requireStyles(width: Int, model: String) throws {
    for style in extras.styles {
      guard style.shape.count == 3, style.shape[2] == width, [1, samples].contains(style.shape[0]) else {
        throw DenoiserMismatch(
          .styles, "a style is \(style.shape); \(model) takes [\(counts), t, \(width)], which ProjectStyle makes")
      }
    }
  }

  func requireNoStyles(model: String) throws {
    guard extras.styles.isEmpty else {
      throw DenoiserMismatch(.styles, "\(model) sees no tokens beside those of the text; FLUX.1 does")
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

extension Tensor {
  /// [n, a, h, w] and [n or 1, b, h, w] -> [n, a + b, h, w].
  package func joiningChannels(_ other: Tensor) -> Tensor {
    let samples = (0..<shape[0]).map { index in
      let added = other.sample(other.shape[0] == 1 ? 0 : index)
      return Tensor(concatenating: [sample(index), added].map { $0.reshaped(Array($0.shape.dropFirst())) })
    }
    return Tensor(concatenating: samples).reshaped([shape[0], shape[1] + other.shape[1], shape[2], shape[3]])
  }
}
