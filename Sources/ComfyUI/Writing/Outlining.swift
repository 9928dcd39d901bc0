/// A part of a workflow that is used several times, as a file of its own.
struct SketchSubgraph {
  /// After `-` in the file's name.
  var name: String
  /// What the nodes take from outside, with the types of wires.
  var inputs: [(name: String, type: String)]
  var outputs: [(name: String, wire: SketchWire)]
  /// Nodes and params of its own; wires to `inputs` have this node.
  var sketch: WorkflowSketch

  /// The number of the node that stands for the inputs.
  static let outside = -1
}

extension WorkflowSketch {
  /// Takes the subgraphs out that are used several times alike: the nodes of each use become one call.
  ///
  /// Uses are alike when their nodes and wires are; values that differ, and those that are params, become params of the file.
  ///
  /// - Parameter kept: nodes that are written; calls take the place of those that they call.
  mutating func outlined(_ uses: [ComfyGraph.Use], keeping kept: inout Set<Int>, file: (String) -> String)
    -> [SketchSubgraph]
  {
    var subgraphs: [SketchSubgraph] = []
    var names = WorkflowNames(reserved: [])
    guard uses.count <= Self.useLimit else { return [] }
    for group in Dictionary(grouping: uses, by: \.definition).values.sorted(by: { $0[0].prefix < $1[0].prefix }) {
      let parts = group.map { use in kept.sorted().filter { nodes[$0].origin.id.hasPrefix(use.prefix) } }
      guard group.count > 1, parts[0].count > 1, let form = OutlineForm(parts, in: self, kept: kept) else { continue }
      let name = names.unique(WorkflowNames.name(from: group[0].name) ?? "part")
      subgraphs.append(SketchSubgraph(name: name, inputs: form.inputs, outputs: form.outputs, sketch: form.sketch))
      for (part, use) in zip(parts, form.uses) {
        let call = SketchNode(
          kind: .file(file(name)), name: name, origin: nodes[part[0]].origin,
          inputs: zip(form.inputs, use.inputs).map { ($0.name, [$1], false) },
          values: zip(form.params, use.values).map { ($0, $1) })
        let index = add(call)
        kept.subtract(part)
        kept.insert(index)
        let results = Dictionary(
          uniqueKeysWithValues: zip(use.outputs, form.outputs.map { SketchWire(index, $0.name) }))
        for reader in kept {
          for input in nodes[reader].inputs.indices {
            nodes[reader].inputs[input].wires = nodes[reader].inputs[input].wires.map { results[$0] ?? $0 }
          }
        }
      }
    }
    return subgraphs
  }

  /// Of more uses nothing is taken out, as each is compared with all nodes.
  private static let useLimit = 100

  /// The type of what a wire carries; nil where it is not known here.
  func wireType(of wire: SketchWire) -> String? {
    switch (nodes[wire.node].kind, wire.port) {
    case (_, "latent"?), (_, "denoised"?): "latent"
    case (_, let port?): port
    case (.node(let type), nil): Self.types[type]
    default: nil
    }
  }

  /// By the types of nodes with one output.
  private static let types = [
    "LoadVAE": "vae", "LoadTextEncoder": "clip", "TextEncode": "conditioning", "ConditioningMix": "conditioning",
    "EmptyLatent": "latent", "Encode": "latent", "AddNoise": "latent", "LoadLatent": "latent", "Decode": "image",
    "ResizeImage": "image", "Crop": "image", "Blend": "image", "Composite": "image", "Canny": "image",
    "UpscaleImage": "image",
    "ImageFromMask": "image", "MaskFromImage": "mask", "RectangleMask": "mask", "GrowMask": "mask",
    "FeatherMask": "mask",
    "InvertMask": "mask", "CombineMasks": "mask", "LoadUpscaler": "upscaler", "NoiseSchedule": "schedule",
  ]
}

/// What several parts of a workflow have in common.
private struct OutlineForm {
  struct Use {
    var inputs: [SketchWire] = []
    var values: [SketchValue] = []
    var outputs: [SketchWire] = []
  }

  private(set) var inputs: [(name: String, type: String)] = []
  private(set) var params: [String] = []
  private(set) var outputs: [(name: String, wire: SketchWire)] = []
  private(set) var uses: [Use]
  private(set) var sketch = WorkflowSketch()
  private let parts: [[Int]]
  private let whole: WorkflowSketch
  private var names = WorkflowNames(reserved: [])

  /// Nil where the parts are not alike.
  init?(_ parts: [[Int]], in whole: WorkflowSketch, kept: Set<Int>) {
    (self.parts, self.whole, uses) = (parts, whole, parts.map { _ in Use() })
    guard parts.allSatisfy({ $0.count == parts[0].count && !$0.contains { whole.nodes[$0].isSink } }) else {
      return nil
    }
    for place in parts[0].indices {
      guard addNode(place) else { return nil }
    }
    addOutputs(kept)
    if outputs.isEmpty { return nil }
  }

  /// Adds the nodes at a place in each part, if they are alike.
  private mutating func addNode(_ place: Int) -> Bool {
    let nodes = parts.map { whole.nodes[$0[place]] }
    let first = nodes[0]
    guard
      nodes.allSatisfy({ node in
        node.kind == first.kind && node.inputs.map(\.name) == first.inputs.map(\.name)
          && node.inputs.map(\.wires.count) == first.inputs.map(\.wires.count)
          && node.values.map(\.name) == first.values.map(\.name)
      })
    else { return false }
    var node = first
    for input in first.inputs.indices {
      for wire in first.inputs[input].wires.indices {
        guard let inner = self.wire(nodes.map { $0.inputs[input].wires[wire] }) else { return false }
        node.inputs[input].wires[wire] = inner
      }
    }
    for value in first.values.indices {
      node.values[value].value = self.value(first.values[value].name, nodes.map { $0.values[value].value })
    }
    _ = sketch.add(node)
    return true
  }

  /// What wires at one place of each part are inside; nil where they do not lead to the same place.
  private mutating func wire(_ wires: [SketchWire]) -> SketchWire? {
    let places = zip(parts, wires).map { $0.firstIndex(of: $1.node) }
    guard places.allSatisfy({ $0 == places[0] }), wires.allSatisfy({ $0.port == wires[0].port }) || places[0] == nil
    else {
      return nil
    }
    if let place = places[0] { return SketchWire(place, wires[0].port) }
    if let known = inputs.indices.first(where: { input in zip(uses, wires).allSatisfy { $0.inputs[input] == $1 } }) {
      return SketchWire(SketchSubgraph.outside, inputs[known].name)
    }
    guard let type = whole.wireType(of: wires[0]), wires.allSatisfy({ whole.wireType(of: $0) == type }) else {
      return nil
    }
    inputs.append((names.unique(type), type))
    for use in uses.indices { uses[use].inputs.append(wires[use]) }
    return SketchWire(SketchSubgraph.outside, inputs[inputs.count - 1].name)
  }

  /// A value that all parts have, or else a param.
  private mutating func value(_ name: String, _ values: [SketchValue]) -> SketchValue {
    if values.allSatisfy({ $0 == values[0] && $0.params.isEmpty }) { return values[0] }
    if let known = params.indices.first(where: { param in zip(uses, values).allSatisfy { $0.values[param] == $1 } }) {
      return .param(known)
    }
    params.append(names.unique(name))
    for use in uses.indices { uses[use].values.append(values[use]) }
    sketch.params.append(
      SketchParam(name: params[params.count - 1], type: type(of: values[0]), standard: standard(of: values[0])))
    return .param(sketch.params.count - 1)
  }

  private func type(of value: SketchValue) -> SketchParam.Kind {
    switch value {
    case .param(let index): whole.params[index].type
    case .plain(let text): Int128(text) == nil ? .float : .int
    case .expression: .int
    case .text, .list: .string
    }
  }

  /// A default without params; an expression has none, and is always given.
  private func standard(of value: SketchValue) -> SketchValue? {
    switch value {
    case .param(let index): whole.params[index].standard
    case .expression: nil
    default: value
    }
  }

  /// The wires that lead out of the parts.
  private mutating func addOutputs(_ kept: Set<Int>) {
    for part in parts {
      var found: [SketchWire] = []
      for reader in kept.sorted() where !part.contains(reader) {
        for wire in whole.nodes[reader].inputs.flatMap(\.wires) where part.contains(wire.node) && !found.contains(wire)
        {
          found.append(wire)
        }
      }
      for wire in found {
        guard let place = part.firstIndex(of: wire.node) else { continue }
        let inner = SketchWire(place, wire.port)
        if !outputs.contains(where: { $0.wire == inner }) {
          outputs.append((names.unique(wire.port ?? whole.nodes[wire.node].name), inner))
        }
      }
    }
    for (use, part) in parts.enumerated() {
      uses[use].outputs = outputs.map { SketchWire(part[$0.wire.node], $0.wire.port) }
    }
  }
}
