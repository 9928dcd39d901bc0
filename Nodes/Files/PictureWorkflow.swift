import Diagnostics
import GraphEngine
import YAMLTree

/// The workflow that SavePNG stores in a picture, so that the picture alone can be drawn again.
package enum PictureWorkflow {
  /// The iTXt keyword it is stored under.
  static let keyword = "stepgraph"

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
