/// How long nodes are going to take, from how long such nodes took in earlier runs.
///
/// A node's time depends on its type, on the sizes of the tensors that come in, on the model it uses, and on parameters that say how
/// much to do. Two nodes are alike here when these agree; texts, floats and seeds do not count, and other parameters do
/// unless results of the same size show that they do not. The median of alike nodes is what is expected, and a node
/// that none is like has no expected time.
package struct ExpectedTimes: Sendable {
  private struct Kind: Hashable {
    let type: String
    let version: Int
    /// Sizes of the tensors that come in, and the keys of models.
    let inputs: [String]
  }

  private struct Sample {
    let parameters: [String: String]
    let sizes: [Int]
    let seconds: Double
  }

  /// The newest first.
  private var samples: [Kind: [Sample]] = [:]
  /// By key: a node that has run before needs no likeness.
  private var known: [ContentDigest: Sample] = [:]

  private let plan: Plan

  /// Nodes of each kind that are looked at.
  private static let sampleLimit = 60

  /// Takes up manifests, the newest first, to tell the times of a plan.
  package init(of plan: Plan, from manifests: [RunManifest]) {
    self.plan = plan
    let tensors = plan.tensorTypes
    for manifest in manifests {
      let nodes = Dictionary(manifest.nodes.map { ($0.node, $0) }, uniquingKeysWith: { $1 })
      for node in manifest.nodes {
        guard let seconds = node.seconds,
          let inputs = Self.inputs(
            node, producer: { nodes[$0] }, sizes: { $0.outputs.isEmpty ? nil : $0.sizes(tensors) })
        else { continue }
        let sample = Sample(parameters: node.parameters, sizes: node.sizes(tensors).map(\.size), seconds: seconds)
        let kind = Kind(type: node.type, version: node.version, inputs: inputs)
        if samples[kind, default: []].count < Self.sampleLimit { samples[kind, default: []].append(sample) }
        if known[node.key] == nil { known[node.key] = sample }
      }
    }
  }

  /// Seconds by node of the plan: nil where it does not run, or where nothing is known.
  package var seconds: [Double?] {
    let manifest = RunManifest(plan, numerics: "")
    let tensors = plan.tensorTypes
    var position: [String: Int] = [:]
    for (index, node) in plan.graph.nodes.enumerated() { position[node.address] = index }
    let nodes = Dictionary(manifest.nodes.map { ($0.node, $0) }, uniquingKeysWith: { $1 })
    var seconds: [Double?] = Array(repeating: nil, count: plan.nodes.count)
    var sizes: [String: [(port: String, size: Int)]] = [:]
    for node in manifest.nodes {
      guard let index = position[node.node] else { continue }
      let ports = plan.graph.nodes[index].declaration.outputs.map(\.name)
      switch plan.nodes[index].action {
      case .hit:
        if case .disk(let entry)? = plan.hits[index] {
          sizes[node.node] = entry.outputs.map { ($0.port, tensors.contains($0.type) ? $0.size >> 10 : 0) }
        }
      case .shared(let other): sizes[node.node] = sizes[plan.graph.nodes[other].address]
      case .run:
        let inputs = Self.inputs(node, producer: { nodes[$0] }, sizes: { sizes[$0.node] })
        let alike = known[node.key].map { [$0] } ?? inputs.map { self.alike(node, $0, plan.graph.nodes[index]) } ?? []
        seconds[index] = Self.median(alike.map(\.seconds))
        if let first = alike.first, alike.allSatisfy({ $0.sizes == first.sizes }), first.sizes.count == ports.count {
          sizes[node.node] = Array(zip(ports, first.sizes)).map { (port: $0, size: $1) }
        }
      case .open, .skip: break
      }
    }
    return seconds
  }

  /// What is known of nodes that do as much as this one.
  private func alike(_ node: RunManifest.Node, _ inputs: [String], _ resolved: ResolvedNode) -> [Sample] {
    let all = samples[Kind(type: node.type, version: node.version, inputs: inputs)] ?? []
    let counting = resolved.declaration.parameters.filter(\.saysHowMuch).map(\.name)
    func matches(_ names: [String]) -> [Sample] {
      all.filter { sample in names.allSatisfy { sample.parameters[$0] == node.parameters[$0] } }
    }
    let equal = matches(counting)
    if !equal.isEmpty { return equal }
    guard let first = all.first, all.allSatisfy({ $0.sizes == first.sizes }) else { return [] }
    return matches(counting.filter { name in Set(all.map { $0.parameters[name] }).count < 2 })
  }

  /// Nil when the size of something that comes in is not known.
  private static func inputs(
    _ node: RunManifest.Node, producer: (String) -> RunManifest.Node?,
    sizes: (RunManifest.Node) -> [(port: String, size: Int)]?
  ) -> [String]? {
    var inputs: [String] = []
    for name in node.inputs.keys.sorted() {
      for wire in node.inputs[name] ?? [] {
        guard let producer = producer(wire.node) else { return nil }
        if let key = producer.ports?[wire.port] {
          inputs.append("\(name) \(key)")
        } else if let size = sizes(producer)?.first(where: { $0.port == wire.port })?.size {
          inputs.append("\(name) \(size)")
        } else {
          return nil
        }
      }
    }
    return inputs
  }

  private static func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted()
    return sorted.isEmpty ? nil : sorted[sorted.count / 2]
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
    for node in graph.nodes {
      for output in node.declaration.outputs where output.type.shape != nil || output.type.isUniversalTensor {
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
