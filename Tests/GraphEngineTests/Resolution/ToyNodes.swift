import Diagnostics
import GraphEngine

/// Values that never travel: resolution looks at types only.
private protocol ToyValue: WireValue { init() }

extension ToyValue {
  func encoded() throws -> [UInt8] { [] }
  init(decoding bytes: UnsafeRawBufferPointer) throws { self.init() }
  var byteCount: Int { 0 }
  var isFinite: Bool { true }
}

struct ToyModel: ToyValue {
  static let wireType = WireType("model", isCacheable: false)
}

struct ToyLatent: ToyValue {
  static let wireType = WireType("latent", shape: ["n", "4", "h", "w"])
}

struct ToyImage: ToyValue {
  static let wireType = WireType("image", shape: ["n", "3", "h", "w"])
}

struct ToyHistory: ToyValue {
  static let wireType = WireType("history")
}

struct ToyTensor: ToyValue {
  static let wireType = WireType("tensor", isUniversalTensor: true)
}

/// A tensor of three dimensions, which may feed any tensor port whose shape it fits.
struct ToySequence: ToyValue {
  static let wireType = WireType("sequence", shape: ["n", "77", "d"], isUniversalTensor: true)
}

struct ToyLoad: Node {
  static let info = NodeInfo(type: "Load", version: 1, lane: .io, summary: "Opens a model.")
  let path = Parameter<String>("path", "The folder.", path: .read)
  let unet = Output<ToyModel>("unet", "The network.")
  let clip = Output<ToyModel>("clip", "The text encoder.")
  func run(_ io: inout NodeIO) throws {}
}

struct ToyText: Node {
  static let info = NodeInfo(type: "Text", version: 1, lane: .compute, summary: "Encodes a text.")
  let clip = Input<ToyModel>("clip", "The encoder.")
  let text = Parameter<String>("text", "The text.")
  let skip = OptionalParameter<Int>("skip", "Layers to skip.", min: 1)
  let sequence = Output<ToySequence>("sequence", "The code.")
  func run(_ io: inout NodeIO) throws {}
}

struct ToyStart: Node {
  static let info = NodeInfo(type: "Start", version: 1, lane: .compute, summary: "An empty latent.")
  let model = OptionalInput<ToyModel>("model", "Gives the size.")
  let width = Parameter<Int>("width", "Width in pixels.", default: 64, min: 8, max: 512)
  let seed = OptionalParameter<UInt64>("seed", "Seed of the noise.")
  let latent = Output<ToyLatent>("latent", "The latent.")
  func run(_ io: inout NodeIO) throws {}
}

struct ToyStep: Node {
  static let info = NodeInfo(type: "Step", version: 1, lane: .compute, summary: "One step.")
  let latent = Input<ToyLatent>("latent", "The latent.")
  let history = OptionalInput<ToyHistory>("history", "Of the steps before.")
  let step = Parameter<Int>("step", "Index of the step.", min: 0, max: 999)
  let scale = Parameter<Double>("scale", "Guidance.", default: 7.5, min: 0)
  let mode = Parameter<String>("mode", "How.", default: "plain", options: ["plain", "karras"])
  let clip = Parameter<Bool>("clip", "Whether to clip.", default: false)
  let result = Output<ToyLatent>("latent", "The next latent.")
  let after = Output<ToyHistory>("history", "With this step.")
  func run(_ io: inout NodeIO) throws {}
}

struct ToyMix: Node {
  static let info = NodeInfo(type: "Mix", version: 1, lane: .compute, summary: "Keeps a part of another latent.")
  let latent = Input<ToyLatent>("latent", "The latent.")
  let other = Input<ToyLatent>("other", "The other one.")
  let image = Input<ToyImage>("image", "Where.")
  let mixed = Output<ToyLatent>("latent", "Both.")
  let shown = Output<ToyImage>("shown", "What was mixed.", isAside: true)
  func run(_ io: inout NodeIO) throws {}
}

struct ToyDecode: Node {
  static let info = NodeInfo(type: "Decode", version: 1, lane: .compute, summary: "Makes a picture.")
  let latent = Input<ToyLatent>("latent", "The latent.")
  let image = Output<ToyImage>("image", "The picture.")
  func run(_ io: inout NodeIO) throws {}
}

struct ToyGrid: Node {
  static let info = NodeInfo(type: "Grid", version: 1, lane: .compute, summary: "Joins pictures.")
  let images = VariadicInput<ToyImage>("images", "The pictures.")
  let labels = Parameter<[String]>("labels", "Texts below.", default: [])
  let sizes = OptionalParameter<[Double]>("sizes", "Sizes.", min: 0)
  let frames = VariadicInput<ToyImage>("frames", "What goes around them.", isOptional: true)
  let order = OptionalParameter<[Int]>("order", "Places.", min: 0, max: 9)
  let modes = OptionalParameter<[String]>("modes", "How.", options: ["plain", "framed"])
  let image = Output<ToyImage>("image", "All of them.")
  func run(_ io: inout NodeIO) throws {}
}

struct ToyRead: Node {
  static let info = NodeInfo(type: "Read", version: 1, lane: .io, summary: "Reads a tensor.")
  let path = Parameter<String>("path", "The file.", path: .read)
  let tensor = Output<ToyTensor>("tensor", "The tensor.")
  func run(_ io: inout NodeIO) throws {}
}

struct ToySavePicture: Node {
  static let info = NodeInfo(type: "Save", version: 1, lane: .io, summary: "Writes a picture.", isSink: true)
  let image = Input<ToyImage>("image", "The picture.")
  let path = Parameter<String>("path", "Where to.", path: .write)
  func run(_ io: inout NodeIO) throws {}
}

/// Files in memory and the toy nodes, resolved as if they lay in `/home/user`.
struct ToyFiles {
  static let catalog = NodeCatalog(
    [
      ToyLoad.self, ToyText.self, ToyStart.self, ToyStep.self, ToyDecode.self, ToyGrid.self, ToyRead.self,
      ToySavePicture.self, ToyMix.self,
    ],
    sheet: SweepSheet(sink: "Save", input: "image", path: "path", joiner: "Grid", parts: "images") { layout in
      let titles = ["\(layout.columns) columns", layout.columnTitle, layout.rowTitle].filter { !$0.isEmpty }
      let labels = titles + layout.columnLabels + layout.rowLabels + layout.blockLabels + layout.labels
      return [
        "labels": .list(labels.map { .string($0) }),
        "sizes": .list(layout.cells.map { .float(Double($0)) }),
      ]
    })

  var files: [String: String]
  var settings: [ParameterSetting] = []
  var sweeps: [SweepSetting] = []
  var sheets = SheetChoice.none
  var targets: [String]?
  var drawn: UInt64 = 0

  init(_ text: String) { files = ["g.yaml": text] }
  init(_ files: [String: String]) { self.files = files }

  var loader: WorkflowLoader {
    WorkflowLoader(
      catalog: Self.catalog, workingDirectory: "/home/user",
      readFile: { [files] path, reference throws(DiagnosticList) in
        guard let text = files[path] else {
          throw DiagnosticList([Diagnostic("cannot read '\(path)': there is no such file", at: reference)])
        }
        return SourceFile(path: path, text: text)
      }, draw: { [drawn] in drawn })
  }

  func set(_ name: String, _ text: String) -> ToyFiles {
    var copy = self
    copy.settings.append(ParameterSetting(name: name, text: text))
    return copy
  }

  func sweep(_ name: String, _ text: String) -> ToyFiles {
    var copy = self
    copy.sweeps.append(SweepSetting(name: name, text: text))
    return copy
  }

  func sheets(_ choice: SheetChoice) -> ToyFiles {
    var copy = self
    copy.sheets = choice
    return copy
  }

  func target(_ names: String...) -> ToyFiles {
    var copy = self
    copy.targets = names
    return copy
  }

  func resolve(_ path: String = "g.yaml") throws -> ResolvedGraph {
    do {
      return try loader.resolve(path, settings: settings, sweeps: sweeps, sheets: sheets, targets: targets)
    } catch {
      throw ToyProblems(text: describe(error.diagnostics).joined(separator: "\n"))
    }
  }

  /// What is wrong, each problem as `place: message; note; note`; empty when nothing is.
  func problems(_ path: String = "g.yaml") -> [String] {
    expectTheServerSaysTheSame(path)
    do {
      _ = try loader.resolve(path, settings: settings, sweeps: sweeps, sheets: sheets, targets: targets)
      return []
    } catch {
      return describe(error.diagnostics)
    }
  }

  /// What is wrong with a file that may be a subgraph.
  func checkProblems(_ path: String = "g.yaml") -> [String] {
    expectTheServerSaysTheSame(path)
    do {
      return describe(try loader.check(path, settings: settings))
    } catch {
      return describe(error.diagnostics)
    }
  }

  private func describe(_ diagnostics: [Diagnostic]) -> [String] {
    diagnostics.map { diagnostic in
      let place = diagnostic.location.map { "\($0): " } ?? ""
      return place + ([diagnostic.message] + diagnostic.notes).joined(separator: "; ")
    }
  }
}

struct ToyProblems: Error, CustomStringConvertible {
  var text: String
  var description: String { text }
}

extension ResolvedGraph {
  /// Each node as `address = Type(wires; parameters)`, parameters sorted by name and defaults left out.
  var outline: [String] {
    nodes.map { node in
      let wires = zip(node.declaration.inputs, node.inputs).compactMap { port, sources in
        sources.isEmpty ? nil : "\(port.name): \(sources.map(text).joined(separator: "+"))"
      }
      let values = node.declaration.parameters.compactMap { parameter -> String? in
        let value = node.parameters.values[parameter.name] ?? .absent
        let isDefault = value == (parameter.defaultValue ?? .absent)
        return isDefault ? nil : "\(parameter.name)=\(value.text)"
      }
      return "\(node.address) = \(node.declaration.info.type)(\((wires + values).joined(separator: ", ")))"
    }
  }

  var targetAddresses: [String] { targets.map { nodes[$0].address } }

  private func text(_ source: WireSource) -> String {
    let node = nodes[source.node]
    let outputs = node.declaration.outputs
    return outputs.count == 1 ? node.address : "\(node.address).\(outputs[source.output].name)"
  }
}
