import Foundation

/// The workflow that SavePNG stores in a picture, so that the picture alone can be drawn again.
package enum EmbeddedWorkflow {
  /// The iTXt keyword it is stored under.
  static let keyword = "stepgraph"

  /// The workflow of a picture, as YAML. Throws `PNGError`.
  package static func read(fromPNG path: String) throws -> String {
    let file: Data
    do {
      file = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw PNGError(message: "cannot be read: \(AtomicFile.reason(error))")
    }
    guard let workflow = try PNG.text(keyword, in: Array(file)) else {
      throw PNGError(message: "holds no workflow; only pictures that SavePNG wrote do")
    }
    return workflow
  }
}
