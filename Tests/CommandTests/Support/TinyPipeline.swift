import Foundation
import Safetensors
import TestSupport
import Tensors

/// A pipeline of `Tests/Fixtures/pipelines`: a tiny model of a family, its weights made anew from their names, and what
/// diffusers drew with it.
struct TinyPipeline {
  struct Run: Decodable {
    let name: String
    /// The steps whose latents are known.
    let kept: [Int]
    /// Of the graph that draws the same.
    let params: [String: Setting]
  }

  /// A value as the command line takes it.
  struct Setting: Decodable, CustomStringConvertible {
    let description: String

    init(from decoder: any Decoder) throws {
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

  let name: String
  let runs: [Run]
  private let parts: [String: Part]
  private let configs: [String: Any]
  private let index: [String: Any]
  private let reference: SafetensorsReader

  static let folder = Repository.fixtures.appending(path: "pipelines")

  init(_ name: String) throws {
    let data = try Data(contentsOf: Self.folder.appending(path: "\(name).json"))
    let contents = try JSONDecoder().decode(Contents.self, from: data)
    (self.name, runs, parts) = (name, contents.runs, contents.parts)
    let json = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    configs = (json["parts"] as? [String: [String: Any]] ?? [:]).compactMapValues { $0["config"] }
    index = json["index"] as? [String: Any] ?? [:]
    reference = try SafetensorsReader(path: Self.folder.appending(path: "\(name).safetensors").path)
  }

  func run(_ name: String) -> Run? { runs.first { $0.name == name } }

  func latents(of run: Run) throws -> Tensor { try reference.tensor("\(run.name).latents") }
  func picture(of run: Run) throws -> Tensor { try reference.tensor("\(run.name).picture") }

  /// Writes denoiser, autoencoder and scheduler as diffusers saves them, beside what the folder has.
  func writeParts(to path: URL) throws {
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
}
