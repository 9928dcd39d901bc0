import Foundation
import Safetensors
import TestSupport
import Tensors
import Testing

/// What models see beside the latent, in the form that follows from the VAE and in one that is asked for.
struct ConcatTests {
  /// A graph of what both nodes make of a model's VAE, with parameters for each.
  private static func graph(inpaint: String, edit: String) -> String {
    """
    stepgraph: 1
    nodes:
      model: {node: LoadModel, with: {path: model}}
      read:  {node: LoadImage, with: {path: \(TinyPipeline.folder.path)/landscape-64x48.png}}
      drawn: {node: LoadImage, with: {path: \(TinyPipeline.folder.path)/mask.png}}
      mask:  {node: MaskFromImage, in: {image: drawn}}
      hole:  {node: InpaintConcat, in: {vae: model.vae, image: read, mask: mask}, with: {\(inpaint)}}
      edit:  {node: EditConcat, in: {vae: model.vae, image: read}, with: {\(edit)}}
      plain: {node: Encode, in: {vae: model.vae, image: read}}
      a: {node: SaveTensor, in: {tensor: hole}, with: {path: hole.safetensors}}
      b: {node: SaveTensor, in: {tensor: edit.concat}, with: {path: edit.safetensors}}
      c: {node: SaveTensor, in: {tensor: plain}, with: {path: plain.safetensors}}

    """
  }

  private static func run(_ stepgraph: Stepgraph, inpaint: String = "", edit: String = "") throws -> Set<String> {
    try stepgraph.folder.write(graph(inpaint: inpaint, edit: edit), to: "g.yaml")
    return Set(try stepgraph.run("g.yaml").executed).intersection(["hole", "edit"])
  }

  private static func tensor(_ name: String, of stepgraph: Stepgraph) throws -> Tensor {
    try SafetensorsReader(path: stepgraph.folder.file("\(name).safetensors").path).tensor("tensor")
  }

  /// A form that is told has the key of the same one untold.
  @Test(arguments: [("inpaint-nine", "cells", false), ("flux-fill", "pixels", true)])
  func theVAETellsTheForm(_ family: String, _ form: String, _ isScaled: Bool) throws {
    let stepgraph = try Stepgraph()
    try TinyPipeline(family).writeParts(to: stepgraph.folder.file("model"))
    #expect(try Self.run(stepgraph) == ["hole", "edit"])
    let (hole, edit) = (try Self.tensor("hole", of: stepgraph), try Self.tensor("edit", of: stepgraph))
    #expect(hole.shape == [1, form == "cells" ? 5 : 80, 6, 8])
    #expect((edit == (try Self.tensor("plain", of: stepgraph))) == isScaled)
    #expect(try Self.run(stepgraph, inpaint: "form: \(form)", edit: "scaled: \(isScaled)") == [])
    let other = form == "cells" ? "pixels" : "cells"
    #expect(try Self.run(stepgraph, inpaint: "form: \(other)", edit: "scaled: \(!isScaled)") == ["hole", "edit"])
    #expect(try Self.tensor("hole", of: stepgraph).shape[1] == (form == "cells" ? 68 : 17))
    #expect((try Self.tensor("edit", of: stepgraph) == Self.tensor("plain", of: stepgraph)) != isScaled)
  }

  /// Each pixel of a cell has its channel, row by row, behind the picture's.
  @Test func aMaskGoesByPixels() throws {
    let stepgraph = try Stepgraph()
    try TinyPipeline("flux-fill").writeParts(to: stepgraph.folder.file("model"))
    _ = try Self.run(stepgraph)
    let seen = try Self.tensor("hole", of: stepgraph).values
    // mask.png is white from 13 to 49 across and 11 to 36 down, and from 40 on across, 20 to 27 down.
    for (y, x) in [(10, 13), (11, 13), (11, 12), (36, 49), (36, 50), (37, 49), (20, 63), (28, 63), (47, 0)] {
      let isWhite = (11..<37).contains(y) && (13..<50).contains(x) || (20..<28).contains(y) && x >= 40
      let channel = 16 + y % 8 * 8 + x % 8
      #expect(seen[(channel * 6 + y / 8) * 8 + x / 8] == (isWhite ? 1 : 0), "row \(y), column \(x)")
    }
  }
}
