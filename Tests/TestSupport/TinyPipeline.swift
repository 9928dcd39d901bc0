import Foundation
import Safetensors
import Tensors

/// A pipeline of `Tests/Fixtures/pipelines`: a tiny model of a family, its weights made anew from their names, and what
/// diffusers drew with it.
package struct TinyPipeline {
  package struct Run: Decodable {
    package let name: String
    /// The steps whose latents are known.
    package let kept: [Int]
    /// Of the graph that draws the same, as the command line takes them.
    package let params: [String: Setting]
  }

  package struct Setting: Decodable, CustomStringConvertible {
    package let description: String

    package init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let whole = try? value.decode(Int.self) {
        description = String(whole)
      } else if let number = try? value.decode(Double.self) {
        description = String(number)
      } else {
        description = try value.decode(String.self)
      }
    }
  }

  private struct Part: Decodable { let tensors: [SeededTensor]? }
  private struct Contents: Decodable {
    let parts: [String: Part]
    let runs: [Run]
  }

  package let runs: [Run]
  private let parts: [String: Part]
  private let configs: [String: Any]
  private let index: [String: Any]
  private let reference: SafetensorsReader

  package static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/pipelines")

  package init(_ name: String) throws {
    let data = try Data(contentsOf: Self.folder.appending(path: "\(name).json"))
    let contents = try JSONDecoder().decode(Contents.self, from: data)
    (runs, parts) = (contents.runs, contents.parts)
    let json = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    configs = (json["parts"] as? [String: [String: Any]] ?? [:]).compactMapValues { $0["config"] }
    index = json["index"] as? [String: Any] ?? [:]
    reference = try SafetensorsReader(path: Self.folder.appending(path: "\(name).safetensors").path)
  }

  package func latents(of run: Run) throws -> Tensor { try reference.tensor("\(run.name).latents") }
  package func picture(of run: Run) throws -> Tensor { try reference.tensor("\(run.name).picture") }

  /// What stands for a prompt, or another tensor that the runs have in common.
  package func tensor(_ name: String) throws -> Tensor { try reference.tensor(name) }

  /// The weights of a part, by diffusers' names.
  package func weights(of part: String) -> [(name: String, tensor: Tensor)] {
    (parts[part]?.tensors ?? []).map { (String($0.name.dropFirst(part.count + 1)), $0.tensor) }
  }

  /// Writes denoiser, autoencoder and scheduler as diffusers saves them, beside what the folder has.
  package func writeParts(to path: URL) throws {
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    for (name, part) in parts {
      let folder = path.appending(path: name)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let file = name == "scheduler" ? "scheduler_config.json" : "config.json"
      try JSONSerialization.data(withJSONObject: configs[name] ?? [:]).write(to: folder.appending(path: file))
      guard let tensors = part.tensors else { continue }
      var writer = SafetensorsWriter()
      for entry in tensors { writer.add(String(entry.name.dropFirst(name.count + 1)), entry.tensor, as: .f16) }
      try Data(writer.bytes()).write(to: folder.appending(path: "diffusion_pytorch_model.safetensors"))
    }
    let file = path.appending(path: "model_index.json")
    let data = try? Data(contentsOf: file)
    let known = try data.map { try JSONSerialization.jsonObject(with: $0) as? [String: Any] ?? [:] } ?? [:]
    try JSONSerialization.data(withJSONObject: known.merging(index) { $1 }).write(to: file)
  }

  /// Writes a whole model of a family to a folder.
  package static func writeModel(_ name: String, to path: URL) throws {
    try SeededTextEncoders(name.hasPrefix("flux-") ? "flux" : name).writeFolder(to: path)
    try TinyPipeline(name).writeParts(to: path)
  }

  /// The pipeline whose model a shipped graph takes; nil for one that takes Stable Diffusion's.
  package static func name(forGraph graph: String) -> String? {
    switch graph.split(separator: "/").last {
    case "flux.yaml": "flux-schnell"
    case "flux-fill.yaml": "flux-fill"
    case "flux-kontext.yaml": "flux-kontext"
    case "flux2-klein.yaml", "flux2-klein-edit.yaml": "flux2-klein"
    case "z-image.yaml": "z-image"
    default: nil
    }
  }
}
