/// What other programs wrote into a picture of how it was made.
package struct ForeignPicture: Sendable {
  /// ComfyUI's workflow in its API format, as it ran.
  package let prompt: String?
  /// The same in the format of its page.
  package let workflow: String?
  /// A1111's text.
  package let parameters: String?

  /// Throws `FileError`.
  package init(png path: String) throws {
    do {
      let texts = try PNGFile(ByteSource(path: path)).texts(["prompt", "workflow", "parameters"])
      (prompt, workflow, parameters) = (texts["prompt"], texts["workflow"], texts["parameters"])
    } catch let error as PNGError {
      throw FileError(message: "'\(path)': \(error.message)")
    }
  }
}
