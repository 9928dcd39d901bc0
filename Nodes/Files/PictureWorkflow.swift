import Diagnostics
import GraphEngine
import YAMLTree

/// The workflow that SavePNG stores in a picture, so that the picture alone can be drawn again.
package enum PictureWorkflow {
  /// The iTXt keyword it is stored under.
  static let keyword = "stepgraph"

  /// What a file that exists holds, where that is no picture of `workflow`, with whatever values of its params; nil where
  /// nothing would be lost by replacing it.
  static func other(than workflow: String, at path: String) -> String? {
    guard let start = try? WholeFile.read(path, limit: 1), !start.isEmpty else { return nil }
    guard let file = try? PNGFile(ByteSource(path: path)), let text = try? file.text(keyword) else {
      return "no picture of a workflow"
    }
    return isSameWorkflow(text, workflow) ? nil : "a picture of another workflow"
  }

  static func refusal(toReplace path: String, _ other: String, at port: String) -> NodeFailure {
    NodeFailure(
      "'\(path)' is \(other), and is left as it is", at: port,
      notes: ["--overwrite replaces it; 'counter: true' numbers pictures, so that none is replaced"])
  }

  /// The workflow of a picture, as YAML.
  ///
  /// Throws `FileError`.
  package static func read(fromPNG path: String) throws -> String {
    let keywords: Set<String>
    do {
      let file = try PNGFile(ByteSource(path: path))
      if let workflow = try file.text(keyword) { return workflow }
      keywords = try file.textKeywords()
    } catch let error as PNGError {
      throw FileError(message: "'\(path)': \(error.message)")
    }
    if !keywords.isDisjoint(with: ["prompt", "workflow"]) {
      throw FileError(message: "'\(path)' holds a workflow of ComfyUI; \(ForeignWorkflow.importNote)")
    }
    throw FileError(message: "'\(path)' holds no workflow; only pictures that SavePNG wrote do")
  }
}
