import GraphEngine

/// A picture from a PNG file.
package struct LoadImage: Node {
  package static let info = NodeInfo(
    type: "LoadImage", version: 2, lane: .io, summary: "Reads a picture from a PNG file, turned as it says.")

  let path = Parameter<String>("path", "A PNG file; an alpha channel is dropped.", path: .read)
  let image = Output<Image>("image", "The picture in -1...1.")

  package init() {}

  package func sources(_ parameters: NodeParameters) -> [NodeSource] { [NodeSource(parameters[path])] }

  package func run(_ io: inout NodeIO) throws {
    let path = io[path]
    do {
      io[image] = try Image(decoding: PNGFile(ByteSource(path: path)))
    } catch let error as PNGError {
      throw NodeFailure("'\(path)': \(error.message)", at: self.path.name)
    } catch let error as FileError {
      throw NodeFailure(error.message, at: self.path.name)
    }
  }
}
