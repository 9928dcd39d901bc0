import DiffusionModels
import Foundation
import StepgraphNodes
import Tensors
import Testing

struct LatentColourTests {
  /// Of the demo model: a picture it never saw the chart of, each latent pixel against the mean of what it stands for.
  @Test func latentsHaveTheColoursOfTheirPictures() throws {
    let root = Fixtures.root.deletingLastPathComponent().deletingLastPathComponent()
    let model = try Model(path: root.appending(path: "Examples/emoji/model").path)
    let (vae, config) = (try model.vae(), try #require(model.vaeConfig))
    let colours = try LatentColours(vae, channels: config.modelChannels, pixels: config.pixelsPerLatent)
    let picture = try NodeRun(
      "LoadImage", ["path": .string(root.appending(path: "Examples/pictures/apple.png").path)]
    ).image
    let shown = colours.picture(of: vae.scaled(try vae.encode(picture).mean)).values
    let expected = picture.resizedPicture(
      height: 64 / config.pixelsPerLatent, width: 64 / config.pixelsPerLatent, .area, in: -1...1
    ).values
    let error = (zip(shown, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Float(shown.count))
      .squareRoot()
    let mean = expected.reduce(0, +) / Float(expected.count)
    let spread = (expected.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(expected.count)).squareRoot()
    print("colours of latents: off by \(error), of a spread of \(spread)")
    #expect(error < spread / 3)
  }
}
