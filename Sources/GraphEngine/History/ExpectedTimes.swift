/// How long nodes are going to take, from how long such nodes took in earlier runs.
///
/// A node's time depends on its type, on the sizes of the tensors that come in, on the model it uses, and on parameters that say how
/// much to do. Two nodes are alike here when these agree; texts, floats and seeds do not count, and other parameters do
/// unless results of the same size show that they do not. The median of alike nodes is what is expected, and a node
/// that none is like has no expected time.
///
/// What a run spends on top of its nodes, on the engine and the cache, is told for each node: where nodes are many and small it
/// is most of the time.
package struct ExpectedTimes: Sendable {
  private struct Kind: Hashable {
    let type: String
    let version: Int
    let inputs: [Input]
  }

  /// Something that comes in: the size of a tensor, or the key of a model.
  private struct Input: Hashable {
    let name: String
    var size = 0
    var key: ContentDigest?
  }

  private struct Sample {
    let parameters: [String: String]
    /// By output.
    let sizes: [Int]
    let seconds: Double
  }

  /// What is expected of nodes that are alike.
  private struct Expectation {
    var seconds: Double?
    /// By output; nil when it is not known.
    var sizes: [Int]?

    init(_ alike: [Sample]) {
      let sorted = alike.map(\.seconds).sorted()
      seconds = sorted.isEmpty ? nil : sorted[sorted.count / 2]
      if let first = alike.first, alike.allSatisfy({ $0.sizes == first.sizes }) { sizes = first.sizes }
    }
  }

  /// Nodes of a kind that say how much they do in the same way.
  private struct Likeness: Hashable {
    let kind: Kind
    let amounts: [ParameterValue?]
  }

  /// The newest first.
  private var samples: [Kind: [Sample]] = [:]
  /// By key: a node that has run before needs no likeness.
  private var known: [ContentDigest: Sample] = [:]
  /// Seconds of nodes by type, and whether one of them was no small matter.
  private var typical: [String: (seconds: [Double], isSmall: Bool)] = [:]
  /// What the engine and the cache take for each node, beside what nodes take themselves; nil when nothing is known.
  private var overhead: Double?

  private let plan: Plan

  /// Nodes of each kind that are looked at.
  private static let sampleLimit = 60
  /// A node of a type that never took longer is taken to be quick too, though none was like it.
  private static let smallSeconds = 0.05
  /// Runs with fewer nodes than this spend most of their time on what happens once.
  private static let overheadNodes = 100
  /// Storing a small result durably takes about so long; what is above it in a short run happens once.
  private static let overheadLimit = 1e-3

  /// Takes up manifests, the newest first, to tell the times of a plan.
  package init(of plan: Plan, from manifests: [RunManifest]) {
    self.plan = plan
    let tensors = plan.tensorTypes
    for manifest in manifests {
      let nodes = Dictionary(manifest.nodes.map { ($0.node, $0) }, uniquingKeysWith: { $1 })
      for node in manifest.nodes {
        guard let seconds = node.seconds else { continue }
        var times = typical[node.type] ?? ([], true)
        times.seconds.append(seconds)
        times.isSmall = times.isSmall && seconds < Self.smallSeconds
        typical[node.type] = times
        guard let inputs = Self.inputs(node, nodes, tensors) else { continue }
        let sample = Sample(parameters: node.parameters, sizes: node.sizes(tensors).map(\.size), seconds: seconds)
        let kind = Kind(type: node.type, version: node.version, inputs: inputs)
        if samples[kind, default: []].count < Self.sampleLimit { samples[kind, default: []].append(sample) }
        if known[node.key] == nil { known[node.key] = sample }
      }
    }
    overhead = Self.overhead(of: manifests)
  }

  /// The least that runs spent on a node beside what it took itself: what happens once in a run weighs least in large ones.
  private static func overhead(of manifests: [RunManifest]) -> Double? {
    var least: Double?
    for manifest in manifests {
      guard let all = manifest.seconds, case let acting = manifest.nodes.filter({ $0.source != nil }), !acting.isEmpty
      else { continue }
      let own = acting.reduce(0) { $0 + ($1.seconds ?? 0) }
      var each = max(0, all - own) / Double(acting.count)
      if acting.count < overheadNodes { each = min(each, overheadLimit) }
      least = min(least ?? each, each)
    }
    return least
  }

  /// Seconds that the whole run should take, of the nodes that something is known of; nil when that is none.
  package func total(of seconds: [Double?]) -> Double? {
    let known = seconds.compactMap(\.self)
    if known.isEmpty { return nil }
    let acting = plan.nodes.count { $0.action != .skip && $0.action != .open }
    return known.reduce(0, +) + (overhead ?? 0) * Double(acting)
  }

  /// Seconds by node of the plan: nil where it does not run, or where nothing is known.
  package var seconds: [Double?] {
    var seconds: [Double?] = Array(repeating: nil, count: plan.nodes.count)
    if samples.isEmpty { return seconds }
    let tensors = plan.tensorTypes
    var sizes: [[Int]?] = Array(repeating: nil, count: plan.nodes.count)
    var expectations: [Likeness: Expectation] = [:]
    let quick = typical.compactMapValues { $0.isSmall ? $0.seconds.sorted()[$0.seconds.count / 2] : nil }
    for index in plan.nodes.indices {
      switch plan.nodes[index].action {
      case .hit:
        if case .disk(let entry)? = plan.hits[index] {
          sizes[index] = entry.outputs.map { tensors.contains($0.type) ? $0.size >> 10 : 0 }
        }
      case .shared(let other): sizes[index] = sizes[other]
      case .run:
        let expectation: Expectation
        seconds[index] = quick[plan.graph.nodes[index].declaration.info.type]
        if let known = plan.key(of: index).flatMap({ known[$0] }) {
          expectation = Expectation([known])
        } else if let likeness = likeness(index, sizes, tensors) {
          expectation = expectations[likeness] ?? Expectation(alike(likeness, plan.graph.nodes[index]))
          expectations[likeness] = expectation
        } else {
          continue
        }
        seconds[index] = expectation.seconds ?? seconds[index]
        if expectation.sizes?.count == plan.graph.nodes[index].declaration.outputs.count {
          sizes[index] = expectation.sizes
        }
      case .open, .skip: break
      }
    }
    return seconds
  }

  /// Nil when the size of something that comes in is not known.
  private func likeness(_ index: Int, _ sizes: [[Int]?], _ tensors: Set<String>) -> Likeness? {
    let node = plan.graph.nodes[index]
    var inputs: [Input] = []
    for (port, wires) in zip(node.declaration.inputs, node.inputs) {
      for wire in wires {
        if let key = plan.keys.portKey(of: wire) {
          inputs.append(Input(name: port.name, key: key))
        } else if !tensors.contains(plan.graph.nodes[wire.node].declaration.outputs[wire.output].type.name) {
          inputs.append(Input(name: port.name))
        } else if let sizes = sizes[wire.node], wire.output < sizes.count {
          inputs.append(Input(name: port.name, size: sizes[wire.output]))
        } else {
          return nil
        }
      }
    }
    let info = node.declaration.info
    return Likeness(
      kind: Kind(type: info.type, version: info.version, inputs: inputs.sorted { $0.name < $1.name }),
      amounts: node.declaration.parameters.filter(\.saysHowMuch).map { node.parameters.values[$0.name] })
  }

  /// What is known of nodes that do as much as this one.
  private func alike(_ likeness: Likeness, _ resolved: ResolvedNode) -> [Sample] {
    let all = samples[likeness.kind] ?? []
    let counting = resolved.declaration.parameters.filter(\.saysHowMuch).map(\.name)
    func matches(_ names: [String]) -> [Sample] {
      let wanted = names.map { name in
        resolved.parameters.values[name].flatMap { $0 == .absent ? nil : $0.json }
      }
      return all.filter { sample in zip(names, wanted).allSatisfy { sample.parameters[$0] == $1 } }
    }
    let equal = matches(counting)
    if !equal.isEmpty { return equal }
    guard let first = all.first, all.allSatisfy({ $0.sizes == first.sizes }) else { return [] }
    return matches(counting.filter { name in Set(all.map { $0.parameters[name] }).count < 2 })
  }

  /// Nil when the size of something that came in is not known.
  private static func inputs(
    _ node: RunManifest.Node, _ nodes: [String: RunManifest.Node], _ tensors: Set<String>
  ) -> [Input]? {
    var inputs: [Input] = []
    for name in node.inputs.keys.sorted() {
      for wire in node.inputs[name] ?? [] {
        guard let producer = nodes[wire.node] else { return nil }
        if let key = producer.ports?[wire.port] {
          inputs.append(Input(name: name, key: key))
        } else if let size = producer.sizes(tensors).first(where: { $0.port == wire.port })?.size {
          inputs.append(Input(name: name, size: size))
        } else {
          return nil
        }
      }
    }
    return inputs
  }
}

extension RunManifest.Node {
  /// In KiB, without the few words that go with a tensor; what is no tensor does not count.
  fileprivate func sizes(_ tensors: Set<String>) -> [(port: String, size: Int)] {
    outputs.map { ($0.port, tensors.contains($0.type) ? $0.size >> 10 : 0) }
  }
}

extension Plan {
  /// The names of wire types that are tensors.
  fileprivate var tensorTypes: Set<String> {
    var types: Set<String> = []
    var seen: Set<String> = []
    for index in graph.nodes.indices where seen.insert(graph.nodes[index].declaration.info.type).inserted {
      for output in graph.nodes[index].declaration.outputs
      where output.type.shape != nil || output.type.isUniversalTensor {
        types.insert(output.type.name)
      }
    }
    return types
  }
}

extension ParameterDeclaration {
  /// Whether another value may mean more or less work; a number that may be any UInt64 is a seed.
  fileprivate var saysHowMuch: Bool {
    switch type {
    case .int: integerRange.map { $0.upperBound <= Int128(Int.max) } ?? true
    case .bool, .choice, .list: true
    case .string, .float, .path: false
    }
  }
}
