import Diagnostics
import GraphEngine
import YAMLTree

/// The workflow that SavePNG stores in a picture, so that the picture alone can be drawn again.
package enum PictureWorkflow {
  /// The iTXt keyword it is stored under.
  static let keyword = "stepgraph"

  /// The workflow of a picture, as YAML.
  package static func read(fromPNG path: String) throws(FileError) -> String {
    let file = try WholeFile.read(path)
    return try read(file, path: path)
  }

  /// - Parameter file: the bytes of a PNG file.
  static func read(_ file: [UInt8], path: String) throws(FileError) -> String {
    let keywords: Set<String>
    do {
      if let workflow = try PNG.text(keyword, in: file) { return workflow }
      keywords = try PNG.textKeywords(in: file)
    } catch {
      throw FileError(message: "'\(path)': \(error.message)")
    }
    if !keywords.isDisjoint(with: ["prompt", "workflow"]) {
      throw FileError(message: "'\(path)' holds a workflow of ComfyUI; \(ForeignWorkflow.importNote)")
    }
    throw FileError(message: "'\(path)' holds no workflow; only pictures that SavePNG wrote do")
  }
}
