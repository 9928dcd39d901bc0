import ComfyUI
import Diagnostics
import GraphEngine
import StepgraphNodes
import Testing

/// What an import gives: the file, what is not in it, and messages about the JSON.
struct Imported {
  let text: String?
  let problems: [String]
  let messages: String

  init(_ json: String, models: ComfyFolders = ComfyFolders()) {
    let collector = DiagnosticCollector(limit: ComfyFile.mostMistakes)
    let graph = ComfyFile.read(SourceFile(path: "a.json", text: json), into: collector)
    let imported = graph.flatMap { ComfyImport($0, from: "a.json", models: models, into: collector) }
    text = imported?.text
    problems = imported?.problems.map(\.shown) ?? []
    messages = render(collector.sorted, color: false)
  }

  /// What the workflow file says wrong; empty for one that binds.
  var mistakes: String {
    guard let text else { return "nothing was written" }
    let loader = WorkflowLoader(
      catalog: .stepgraph, workingDirectory: "/nowhere",
      readFile: { path, _ throws(DiagnosticList) in SourceFile(path: path, text: text) })
    do {
      _ = try loader.check("/nowhere/imported.yaml")
      return ""
    } catch {
      return render(error.diagnostics, color: false)
    }
  }
}

/// A plain picture of Stable Diffusion in the API format; nodes may be replaced and added.
func apiPrompt(_ changes: [String: String] = [:]) -> String {
  var nodes = [
    "1": #"{"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}}"#,
    "2": #"{"class_type": "CLIPTextEncode", "inputs": {"text": "a red apple", "clip": ["1", 1]}}"#,
    "3": #"{"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["1", 1]}}"#,
    "4": #"{"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}}"#,
    "5":
      #"{"class_type": "KSampler", "inputs": {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0], "seed": 18446744073709551615, "steps": 20, "cfg": 7.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}}"#,
    "6": #"{"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}}"#,
    "7": #"{"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "apple"}}"#,
  ]
  nodes.merge(changes) { $1 }
  return "{" + nodes.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",\n") + "}"
}
