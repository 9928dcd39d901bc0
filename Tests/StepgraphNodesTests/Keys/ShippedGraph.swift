import Foundation
import GraphEngine
import StepgraphNodes
import TestSupport

/// The workflow files that are shipped, with values for the params that they need.
enum ShippedGraph {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let model = root.appending(path: "Tests/Fixtures/sd1-tiny/model").path
  static let lora = root.appending(path: "Tests/Fixtures/lora/kohya.safetensors").path
  static let picture = root.appending(path: "Examples/apple-sketch.png").path
  static let upscaler = root.appending(path: "Examples/emoji/upscaler/realesr-animevideov3-x4.safetensors").path

  static let names = ["Graphs", "Examples"].flatMap { folder in
    ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? [])
      .filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }
  }.sorted()

  /// A graph of so many steps as are enough.
  ///
  /// - Parameters:
  ///   - model: takes the place of a tiny model of the family that the graph is for.
  ///   - place: where the file is, if not in its folder.
  static func resolve(
    _ name: String, model: String? = nil, at place: String? = nil
  ) throws -> ResolvedGraph {
    let path = place ?? root.appending(path: name).path
    let loader = WorkflowLoader(catalog: .stepgraph)
    let settings = try settings(name, model ?? TinyPipeline.name(forGraph: name).map(tinyModel) ?? Self.model)
    // A few steps have all kinds of nodes that many have; some graphs name a step beyond them.
    let few = settings.few.flatMap { try? loader.resolve(path, settings: $0) }
    return try few ?? loader.resolve(path, settings: settings.all)
  }

  /// What a graph must be told, and the same for fewer steps than it takes by itself.
  private static func settings(
    _ name: String, _ model: String
  ) throws -> (all: [ParameterSetting], few: [ParameterSetting]?) {
    let text = try String(contentsOf: root.appending(path: name), encoding: .utf8)
    let params = text.components(separatedBy: "\nnodes:")[0]
    func given(_ values: KeyValuePairs<String, String>) -> [ParameterSetting] {
      values.filter { params.contains("\n  \($0.key):") }.map { ParameterSetting(name: $0.key, text: $0.value) }
    }
    let all = try given([
      "model": model, "refiner": model, "controlnet": controlNet.get().path, "lora": lora, "image": picture,
      "mask": root.appending(path: "Examples/pictures/apple-mask.png").path, "upscaler": upscaler,
    ])
    let steps = given(["steps": "4"])
    return (all, steps.isEmpty ? nil : all + given(["first": "1", "until": "2"]) + steps)
  }

  /// A tiny model of a family, written once.
  private static func tinyModel(_ name: String) throws -> String { try tinyModels[name]?.get().path ?? model }

  private static let tinyModels: [String: Result<URL, any Error>] = Dictionary(
    uniqueKeysWithValues: ["flux-schnell", "flux-fill", "flux-kontext", "flux2-klein", "z-image"].map { name in
      (name, written { try TinyPipeline.writeModel(name, to: $0) })
    })

  /// A tiny ControlNet, written once.
  private static let controlNet = written { try TinyPipeline("controlnet").writeParts(to: $0) }
    .map { $0.appending(path: "controlnet") }

  private static func written(_ write: (URL) throws -> Void) -> Result<URL, any Error> {
    let path = FileManager.default.temporaryDirectory.appending(path: "stepgraph-\(UUID().uuidString)")
    return Result {
      try write(path)
      return path
    }
  }
}
