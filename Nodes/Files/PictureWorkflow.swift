/// The workflow that SavePNG stores in a picture, so that the picture alone can be drawn again.
package enum PictureWorkflow {
  /// The iTXt keyword it is stored under.
  static let keyword = "stepgraph"

  /// The workflow of a picture, as YAML.
  package static func read(fromPNG path: String) throws(FileError) -> String {
    let file = try WholeFile.read(path)
    do {
      if let workflow = try PNG.text(keyword, in: file) { return workflow }
    } catch {
      throw FileError(message: "'\(path)': \(error.message)")
    }
    throw FileError(message: "'\(path)' holds no workflow; only pictures that SavePNG wrote do")
  }
}
