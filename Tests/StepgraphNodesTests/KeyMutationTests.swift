import Diagnostics
import Foundation
import GraphEngine
import StepgraphNodes
import TestSupport
import Testing

/// Everything that decides a result changes the keys of exactly what is downstream of it, and nothing else changes any:
/// in every graph that is shipped, and for every node of the catalogue.
struct KeyMutationTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let model = root.appending(path: "Tests/Fixtures/sd1-tiny/model").path

  static let graphs = ["Graphs", "Examples"].flatMap { folder in
    ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? [])
      .filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }
  }.sorted()

  // MARK: What changes keys

  @Test(arguments: graphs)
  func everyParameterReachesItsCone(_ name: String) throws {
    let graph = try Self.resolve(name)
    let base = try makePlan(graph, cache: nil, numerics: "test")
    for index in Self.samples(of: graph) {
      for parameter in graph.nodes[index].declaration.parameters {
        guard let changed = try Self.changing(parameter, of: index, in: graph) else { continue }
        let plan = try makePlan(changed, cache: nil, numerics: "test")
        // A wire without effect in both plans carries no change.
        let cone = Self.cone(of: index, ports: parameter.reaches, in: base.graph, plan.graph)
        #expect(
          Self.differing(Self.keys(of: plan), Self.keys(of: base)) == cone,
          "\(graph.nodes[index].address).\(parameter.name)")
      }
    }
  }

  @Test(arguments: graphs)
  func everyInputReachesItsCone(_ name: String) throws {
    let graph = try Self.withTensor(Self.resolve(name))
    let basePlan = try makePlan(graph, cache: nil, numerics: "test")
    let base = Self.keys(of: basePlan)
    for index in Self.samples(of: graph) {
      let node = graph.nodes[index]
      for (position, input) in node.declaration.inputs.enumerated() where !node.inputs[position].isEmpty {
        let others = Self.otherSources(
          than: node.inputs[position][0], for: input, before: index, in: graph, base)
        // What does not fit where it is wired to has no plan.
        let plan = others.lazy.compactMap { other -> Plan? in
          var rewired = graph
          rewired.nodes[index].inputs[position][0] = other
          return try? makePlan(rewired, cache: nil, numerics: "test")
        }.first
        guard let plan, !basePlan.graph.nodes[index].inputs[position].isEmpty else {
          // The size of a latent decides a schedule of some flow models alone.
          let isOfFlows = "\(node.declaration.info.type).\(input.name)" == "NoiseSchedule.latent"
          #expect(
            others.isEmpty || ["schedule", "history"].contains(input.type.name) || isOfFlows,
            "\(node.address).\(input.name)")
          continue
        }
        #expect(
          Self.differing(Self.keys(of: plan), base)
            == Self.cone(of: index, ports: input.reaches, in: basePlan.graph, plan.graph),
          "\(node.address).\(input.name)")
      }
    }
  }

  @Test(arguments: graphs)
  func everyVersionReachesTheConesOfItsNodes(_ name: String) throws {
    let graph = try Self.resolve(name)
    let plan = try makePlan(graph, cache: nil, numerics: "test")
    let base = Self.keys(of: plan)
    for type in Set(graph.nodes.map(\.declaration.info.type)) {
      var revised = graph
      var cone: Set<Int> = []
      for index in graph.nodes.indices where graph.nodes[index].declaration.info.type == type {
        let info = graph.nodes[index].declaration.info
        let later = NodeInfo(
          type: info.type, version: info.version + 1, lane: info.lane, summary: info.summary, isSink: info.isSink)
        let node = Swift.type(of: graph.nodes[index].declaration.makeNode())
        revised.nodes[index].declaration = NodeDeclaration(node, info: later)
        // A node that turned out to be of another type has the version of that one.
        let isItself = plan.graph.nodes[index].declaration.info.type == type
        if isItself, !cone.contains(index) { cone.formUnion(Self.cone(of: index, in: plan.graph)) }
      }
      #expect(Self.differing(try Self.keys(of: revised), base) == cone.sorted(), "\(type)")
    }
  }

  /// The ports of a model, by the folder that a file of it is in.
  private static let ports: [String: Set<String>] = [
    "unet": ["unet"], "scheduler": ["unet"], "text_encoder": ["clip"], "tokenizer": ["clip"], "vae": ["vae"],
    "": ["unet", "clip", "vae"],
  ]

  @Test func everyModelByteReachesTheNodesOfItsPart() throws {
    let copy = try ScratchCopy(of: Self.model)
    let graph = try Self.resolve("Graphs/txt2img.yaml", model: copy.path)
    let base = try Self.keys(of: graph)
    let index = try #require(graph.nodes.firstIndex { $0.address == "model" })
    var reached: Set<String> = []
    for file in copy.files where !["README.md", "special_tokens_map.json"].contains(file) {
      let folder = file.contains("/") ? String(file.prefix { $0 != "/" }) : ""
      let ports = try #require(Self.ports[folder])
      let changed = try copy.changing(file) { Self.differing(try Self.keys(of: graph), base) }
      // A file that no part reads decides nothing.
      if changed.isEmpty { continue }
      #expect(changed == Self.cone(of: index, ports: ports, in: graph), "\(file)")
      reached.insert(file)
    }
    for file in [
      "unet/diffusion_pytorch_model.safetensors", "vae/diffusion_pytorch_model.safetensors",
      "text_encoder/model.safetensors", "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json",
      "scheduler/scheduler_config.json", "vae/config.json", "text_encoder/config.json",
    ] {
      #expect(reached.contains(file), "\(file)")
    }
  }

  @Test(arguments: NodeCatalog.stepgraph.typeNames.sorted())
  func everyParameterOfEveryNodeTypeIsInItsKey(_ type: String) throws {
    let declaration = try #require(NodeCatalog.stepgraph[type])
    let alone = try Self.alone(declaration)
    let (index, base) = (alone.graph.nodes.count - 1, try Self.keys(of: alone.graph))
    for parameter in declaration.parameters {
      if case .path(let role) = parameter.type {
        // Where a file lies is nothing, and what is in it is everything.
        guard role == .read, let file = alone.file else {
          var elsewhere = alone.graph
          elsewhere.nodes[index].parameters.values[parameter.name] = .path("/elsewhere/file")
          #expect(try role == .read || Self.keys(of: elsewhere) == base, "\(parameter.name)")
          continue
        }
        let copy = try ScratchCopy(of: file)
        var moved = alone.graph
        for other in declaration.parameters where other.type == .path(.read) {
          moved.nodes[index].parameters.values[other.name] = .path(copy.path)
        }
        #expect(try Self.keys(of: moved) == base, "\(parameter.name)")
        let changes = try copy.files.map { try copy.changing($0) { try Self.keys(of: moved) != base } }
        #expect(changes.contains(true), "\(parameter.name)")
        continue
      }
      // Some count only beside certain values of others.
      let pairs = try Self.variations(of: alone.graph, except: parameter.name).lazy
        .compactMap { base in try? Self.changing(parameter, of: index, in: base).map { (base, $0) } }
      guard let (base, changed) = pairs.first else {
        // On a processor that has one precision alone; and what a chain decides, which SamplerChainTests cut: second
        // evaluations, which alone draw in DPM2 ancestral, are of one.
        let isOfChain =
          declaration.inputs.contains { $0.name == "history" } && ["begin", "step"].contains(parameter.name)
          || ["DPM2AncestralStep", "DPM2SAncestralStep"].contains(type)
            && ["seed", "draw", "rng"].contains(parameter.name)
        let name = "\(type).\(parameter.name)"
        // A family needs its own encoder, with all its layers: TextEncoderCommandTests. What is for flow models alone is in
        // FlowErrorTests, and what two of ComfyUI's options decide together in ComfyUIScheduleTests.
        let isElsewhere =
          ["NoiseSchedule.first", "LoadTextEncoder.family", "NoiseSchedule.discard", "NoiseSchedule.curve_shape"]
          .contains(name)
          || ["shift", "mu", "width", "height"].map { "NoiseSchedule.\($0)" }.contains(name)
        #expect(parameter.name == "precision" || isElsewhere || isOfChain, "\(name) has no other value")
        continue
      }
      #expect(try Self.keys(of: changed) != Self.keys(of: base), "\(type).\(parameter.name)")
    }
  }

  // MARK: What does not

  @Test(arguments: graphs)
  func namesOrderCommentsAndPlacesChangeNothing(_ name: String) throws {
    let original = try Self.resolve(name)
    let base = try Self.keysByAddress(original)

    var renamed = original
    for index in renamed.nodes.indices { renamed.nodes[index].address = "renamed-\(index)" }
    #expect(try Self.keys(of: renamed) == (try Self.keys(of: original)))

    // With all that it names, in another place.
    let copy = try ScratchCopy(ofWorkflowsIn: Self.root)
    let path = "\(copy.path)/\(name)"
    func keys(_ text: String) throws -> [String: ContentDigest] {
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      let graph = try WorkflowLoader(catalog: .stepgraph).resolve(path, settings: Self.settings(name, Self.model))
      return try Self.keysByAddress(graph)
    }
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(try keys(text) == base)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let nodes = try #require(lines.firstIndex(of: "nodes:"))
    let end =
      lines[(nodes + 1)...].firstIndex { !$0.isEmpty && !$0.hasPrefix(" ") && !$0.hasPrefix("#") } ?? lines.count
    var entries: [[String]] = []
    for line in lines[(nodes + 1)..<end] {
      if line.hasPrefix("  "), !line.hasPrefix("   "), !line.hasPrefix("  #") || entries.isEmpty { entries.append([]) }
      if entries.isEmpty { entries.append([]) }
      entries[entries.count - 1].append(line)
    }
    lines.replaceSubrange((nodes + 1)..<end, with: entries.reversed().flatMap { ["", "  # a comment"] + $0 })
    #expect(try keys("# another\n" + lines.joined(separator: "\n")) == base)
  }

  // MARK: Support

  private static func settings(_ name: String, _ model: String) throws -> [ParameterSetting] {
    let text = try String(contentsOf: root.appending(path: name), encoding: .utf8)
    let params = text.components(separatedBy: "\nnodes:")[0]
    let model = try TinyPipeline.name(forGraph: name).map(tinyModel) ?? model
    func has(_ param: String) -> Bool { params.contains("\n  \(param):") }
    var settings: [ParameterSetting] = []
    for param in ["model", "refiner"] where has(param) { settings.append(ParameterSetting(name: param, text: model)) }
    if has("lora") {
      settings.append(
        ParameterSetting(name: "lora", text: root.appending(path: "Tests/Fixtures/lora/kohya.safetensors").path))
    }
    let files = [
      "image": "Examples/apple-sketch.png", "mask": "Examples/pictures/apple-mask.png", "upscaler": upscaler,
    ]
    for (param, file) in files where has(param) {
      settings.append(ParameterSetting(name: param, text: root.appending(path: file).path))
    }
    // A few steps have all kinds of nodes that many have; some graphs name a step beyond them.
    let begin = has("first") ? [ParameterSetting(name: "first", text: "1")] : []
    let few = settings + begin + [ParameterSetting(name: "steps", text: "4")]
    let loader = WorkflowLoader(catalog: .stepgraph)
    let takesFew = has("steps") && (try? loader.resolve(root.appending(path: name).path, settings: few)) != nil
    return takesFew ? few : settings
  }

  private static let upscaler = "Examples/emoji/upscaler/realesr-animevideov3-x4.safetensors"

  /// A tiny model of a family, written once.
  private static func tinyModel(_ name: String) throws -> String { try tinyModels[name]?.get().path ?? model }

  private static let tinyModels: [String: Result<URL, any Error>] = Dictionary(
    uniqueKeysWithValues: ["flux-schnell", "flux2-klein", "z-image"].map { name in
      let path = FileManager.default.temporaryDirectory.appending(path: "stepgraph-\(UUID().uuidString)")
      return (
        name,
        Result {
          try TinyPipeline.writeModel(name, to: path); return path
        }
      )
    })

  /// With every node a target, so that all have keys.
  private static func resolve(_ name: String, model: String = model) throws -> ResolvedGraph {
    var graph = try WorkflowLoader(catalog: .stepgraph).resolve(
      root.appending(path: name).path, settings: settings(name, model))
    graph.targets = Array(graph.nodes.indices)
    return graph
  }

  private static func keys(of graph: ResolvedGraph) throws -> [ContentDigest?] {
    keys(of: try makePlan(graph, cache: nil, numerics: "test"))
  }

  private static func keys(of plan: Plan) -> [ContentDigest?] { plan.nodes.indices.map { plan.key(of: $0) } }

  private static func keysByAddress(_ graph: ResolvedGraph) throws -> [String: ContentDigest] {
    var graph = graph
    graph.targets = Array(graph.nodes.indices)
    return Dictionary(
      uniqueKeysWithValues: zip(graph.nodes.map(\.address), try keys(of: graph)).compactMap { address, key in
        key.map { (address, $0) }
      })
  }

  /// The first and the last of the nodes that a loop or a sweep makes of one.
  private static func samples(of graph: ResolvedGraph) -> [Int] {
    var ends: [String: (first: Int, last: Int)] = [:]
    for (index, node) in graph.nodes.enumerated() {
      let name = node.address.replacing(/\[\d+\]/, with: "[]").replacing(/^[^\/]*=[^\/]*\//, with: "")
      ends[name] = (ends[name]?.first ?? index, index)
    }
    return Set(ends.values.flatMap { [$0.first, $0.last] }).sorted()
  }

  private static func differing(_ a: [ContentDigest?], _ b: [ContentDigest?]) -> [Int] {
    a.indices.filter { a[$0] != b[$0] }
  }

  /// A node and what takes its outputs, or those named, however far down, in either of two graphs of the same nodes.
  private static func cone(
    of index: Int, ports: Set<String>? = nil, in graph: ResolvedGraph, _ other: ResolvedGraph? = nil
  ) -> [Int] {
    var cone: Set<Int> = [index]
    for (consumer, node) in graph.nodes.enumerated() {
      let wires = Array(node.inputs.joined()) + (other.map { Array($0.nodes[consumer].inputs.joined()) } ?? [])
      let isReached = wires.contains { wire in
        guard cone.contains(wire.node) else { return false }
        guard let ports, wire.node == index else { return true }
        return ports.contains(graph.nodes[index].declaration.outputs[wire.output].name)
      }
      if isReached { cone.insert(consumer) }
    }
    return cone.sorted()
  }

  /// Outputs of earlier nodes with other keys that may feed the input.
  private static func otherSources(
    than wire: WireSource, for input: InputDeclaration, before index: Int, in graph: ResolvedGraph,
    _ keys: [ContentDigest?]
  ) -> [WireSource] {
    (0..<index).filter { $0 != wire.node && keys[$0] != keys[wire.node] }.flatMap { node in
      graph.nodes[node].declaration.outputs.enumerated().filter { $1.type.canFeed(input.type) }
        .map { WireSource(node: node, output: $0.offset) }
    }
  }

  /// The graph behind a tensor of which nothing is known, and which may so feed every port of its shape.
  private static func withTensor(_ graph: ResolvedGraph) throws -> ResolvedGraph {
    let alone = try alone(#require(NodeCatalog.stepgraph[LoadTensor.info.type]))
    var graph = graph
    for index in graph.nodes.indices {
      for port in graph.nodes[index].inputs.indices {
        for wire in graph.nodes[index].inputs[port].indices { graph.nodes[index].inputs[port][wire].node += 1 }
      }
    }
    graph.nodes.insert(alone.graph.nodes[0], at: 0)
    graph.targets = Array(graph.nodes.indices)
    graph.outputs = graph.outputs.mapValues { WireSource(node: $0.node + 1, output: $0.output) }
    return graph
  }

  /// The graph with another value for a parameter; nil for paths, and where no other value means another thing here.
  private static func changing(
    _ parameter: ParameterDeclaration, of index: Int, in graph: ResolvedGraph
  ) throws -> ResolvedGraph? {
    let value = graph.nodes[index].parameters.values[parameter.name] ?? .absent
    let before = try makePlan(graph, cache: nil, numerics: "test").graph.nodes[index].parameters.values
    for other in others(than: value, parameter, parameter.type) {
      var changed = graph
      changed.nodes[index].parameters.values[parameter.name] = other
      guard let plan = try? makePlan(changed, cache: nil, numerics: "test"),
        plan.graph.nodes[index].parameters.values[parameter.name] != before[parameter.name]
      else { continue }
      return changed
    }
    return nil
  }

  /// A graph of one node, and the same with another value of one of its other parameters.
  private static func variations(of graph: ResolvedGraph, except name: String) throws -> [ResolvedGraph] {
    let index = graph.nodes.count - 1
    var variations = [graph]
    for parameter in graph.nodes[index].declaration.parameters where parameter.name != name {
      let value = graph.nodes[index].parameters.values[parameter.name] ?? .absent
      for other in others(than: value, parameter, parameter.type) {
        var changed = graph
        changed.nodes[index].parameters.values[parameter.name] = other
        variations.append(changed)
      }
    }
    return variations
  }

  private static func others(
    than value: ParameterValue, _ parameter: ParameterDeclaration, _ type: ParameterType
  ) -> [ParameterValue] {
    let low = parameter.min ?? -.infinity
    let high = parameter.max ?? .infinity
    switch (type, value) {
    case (.path, _): return []
    case (.string, .string(let text)): return [.string(text + "x")]
    case (.string, _): return [.string("x")]
    case (.bool, .bool(let flag)): return [.bool(!flag)]
    case (.bool, _): return [.bool(true)]
    case (.choice(let options), _): return options.map { .string($0) }.filter { $0 != value }
    case (.int, .int(let number)):
      return [number + 1, number - 1].filter { (low...high).contains(Double($0)) }.map { .int($0) }
    case (.int, _): return [.int(Int128(max(low, 1))), .int(Int128(min(max(low, 1) + 6, high, 1e9)))]
    case (.float, .float(let number)):
      return [number + 0.5, number - 0.5, (number + low) / 2, (number + high) / 2]
        .filter { $0.isFinite && $0 != number && (low...high).contains($0) }.map { .float($0) }
    case (.float, _): return [.float(low.isFinite ? low : min(high, 1))]
    case (.list(let item), .list(let items)):
      return others(than: .absent, parameter, item).map { .list(items + [$0]) }
    case (.list(.float), _): return [.list([.float(10), .float(1)]), .list([.float(1)])]
    case (.list(.int), _): return [.list([.int(999), .int(500)]), .list([.int(1)])]
    case (.list(let item), _): return others(than: .absent, parameter, item).map { .list([$0]) }
    }
  }

  /// What nodes read that read files only with certain parameters.
  private static let readings = [
    "TextEncode": Reading(
      path: root.appending(path: "Tests/Fixtures/prompts/embeddings").path,
      parameters: ["text": .string("a cat embedding:mystyle"), "syntax": .string("comfyui")]),
    "LoadUpscaler": Reading(path: root.appending(path: upscaler).path, parameters: [:]),
    "LoadControlNet": Reading(path: tinyParts("controlnet") + "/controlnet", parameters: [:]),
    "LoadAdapter": Reading(path: tinyParts("adapter") + "/adapter", parameters: [:]),
  ]

  /// Writes the parts of a tiny pipeline.
  private static func tinyParts(_ name: String) -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "stepgraph-\(UUID().uuidString)")
    try? TinyPipeline(name).writeParts(to: path)
    return path.path
  }

  private struct Reading {
    let path: String
    let parameters: [String: ParameterValue]

    func graph(of declaration: NodeDeclaration) -> ResolvedGraph {
      var values = parameters
      for parameter in declaration.parameters where values[parameter.name] == nil {
        values[parameter.name] = parameter.defaultValue ?? .absent
        if parameter.type == .path(.read) { values[parameter.name] = .path(path) }
      }
      return KeyMutationTests.graph(of: declaration, values)
    }
  }

  private static func graph(of declaration: NodeDeclaration, _ values: [String: ParameterValue]) -> ResolvedGraph {
    let node = ResolvedNode(
      address: "node", declaration: declaration, inputs: declaration.inputs.map { _ in [] },
      parameters: NodeParameters(values), location: SourceLocation(argument: "test"))
    return ResolvedGraph(nodes: [node], targets: [0])
  }

  /// A graph of one node, its inputs left open but for its history; and the file or folder that it reads.
  private static func alone(_ declaration: NodeDeclaration) throws -> (graph: ResolvedGraph, file: String?) {
    let fixtures = [
      model, root.appending(path: "Examples/apple-sketch.png").path,
      root.appending(path: "Tests/Fixtures/sd1-tiny/modules.safetensors").path,
      root.appending(path: "Tests/Fixtures/lora/kohya.safetensors").path,
    ]
    if let reading = readings[declaration.info.type] { return (reading.graph(of: declaration), reading.path) }
    let reads = declaration.parameters.contains { $0.type == .path(.read) }
    for file in reads ? fixtures : [""] {
      var values: [String: ParameterValue] = [:]
      for parameter in declaration.parameters {
        let isGiven = parameter.defaultValue == nil && !parameter.isOptional
        values[parameter.name] = parameter.defaultValue ?? .absent
        if case .path = parameter.type {
          values[parameter.name] = .path(file)
        } else if isGiven {
          values[parameter.name] =
            parameter.type == .int ? .int(0) : others(than: .absent, parameter, parameter.type).first
        }
      }
      let graph = graph(of: declaration, values)
      if (try? makePlan(graph, cache: nil, numerics: "test")) != nil { return (graph, reads ? file : nil) }
    }
    throw NodeFailure("no fixture that \(declaration.info.type) reads: name one here")
  }
}

/// A copy of a file or folder in a place of its own, which goes with its owner.
private final class ScratchCopy {
  private let folder: URL
  let path: String

  init(of original: String) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "stepgraph-copy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.appending(path: (original as NSString).lastPathComponent).path
    try FileManager.default.copyItem(atPath: original, toPath: path)
  }

  /// Workflow files and folders of them, without the models beside them.
  init(ofWorkflowsIn root: URL) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "stepgraph-copy-\(UUID().uuidString)")
    path = folder.path
    for part in ["Graphs", "Examples"] {
      let original = root.appending(path: part).path
      for item in FileManager.default.enumerator(atPath: original)?.compactMap({ $0 as? String }) ?? []
      where item.hasSuffix(".yaml") {
        let place = "\(path)/\(part)/\(item)"
        try FileManager.default.createDirectory(
          atPath: (place as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "\(original)/\(item)", toPath: place)
      }
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Files below, or "" for a file itself.
  var files: [String] {
    let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    let files = names.filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(path)/\(name)", isDirectory: &isFolder) && !isFolder.boolValue
    }
    return files.isEmpty ? [""] : files.sorted()
  }

  /// What `body` gives with one byte of a file changed; texts get one more, which readers pass over.
  func changing<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    let file = URL(filePath: name.isEmpty ? path : "\(path)/\(name)")
    let original = try Data(contentsOf: file)
    var changed = original
    if ["json", "txt"].contains(file.pathExtension) {
      changed.append(UInt8(ascii: "\n"))
    } else {
      changed[changed.count - 1] ^= 1
    }
    try changed.write(to: file)
    defer { try? original.write(to: file) }
    return try body()
  }
}
