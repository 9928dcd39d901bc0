import Tensors
import TestSupport
import Testing

import DiffusionModels

@Suite struct AutoencoderKLTests {
  @Test(arguments: ["sd1-tiny", "sd2-tiny", "variant-tiny"])
  func matchesDiffusers(_ name: String) throws {
    let fixture = try Fixture(name)
    let model = try Model(path: fixture.modelPath).vae()
    let cases = fixture.cases("vae.", ".latent")
    #expect(cases.count == (name == "variant-tiny" ? 2 : 3))
    for input in cases {
      let image = try model.decode(fixture.tensor("vae.\(input).latent"))
      expectClose(image, try fixture.tensor("vae.\(input).decoded"), "\(name) decode \(input)")
      let distribution = try model.encode(fixture.tensor("vae.\(input).image"))
      expectClose(distribution.moments, try fixture.tensor("vae.\(input).moments"), "\(name) moments \(input)")
      let latent = model.scaled(distribution.mean)
      expectClose(latent, try fixture.tensor("vae.\(input).encoded"), "\(name) encode \(input)")
    }
  }

  /// Every level in strips, or only those that are large; odd sizes, several pictures.
  @Test(arguments: ["sd1-tiny", "sd2-tiny"], [4, 24])
  func stripsGiveTheWholePicture(_ name: String, side: Int) throws {
    let model = try Model(path: Fixture(name).modelPath).vae()
    let (latent, image) = (seeded("latent", [2, 4, 11, 7]), seeded("image", [2, 3, 88, 56]))
    let size = StripSize(side: side)
    func expectAlike(_ strips: Tensor, _ whole: Tensor, _ name: String) {
      expectClose(strips, whole, within: 2e-3, name)
      // A seam would stand out: no number is off by as much as a step of 255 from one end of the range to the other.
      let largest = zip(strips.values, whole.values).map { abs($0 - $1) }.max() ?? 0
      let range = (whole.values.max() ?? 0) - (whole.values.min() ?? 0)
      #expect(largest < range / 255 && strips != whole, "\(name): \(largest) of \(range)")
    }
    expectAlike(try model.decode(latent, strips: size), try model.decode(latent), "\(name) decode in \(side)")
    expectAlike(
      try model.encode(image, strips: size).mean, try model.encode(image).mean, "\(name) encode in \(side)")
  }

  @Test func whatFitsAStripIsTheWhole() throws {
    let model = try Model(path: Fixture("sd1-tiny").modelPath).vae()
    let (latent, image) = (seeded("latent", [1, 4, 2, 4]), seeded("image", [1, 3, 16, 32]))
    #expect(try model.decode(latent, strips: StripSize(side: 23)) == model.decode(latent))
    #expect(try model.encode(image, strips: StripSize(side: 23)).moments == model.encode(image).moments)
  }

  @Test func stripsEndWhereTheyAreTold() throws {
    let model = try Model(path: Fixture("sd1-tiny").modelPath).vae()
    let size = StripSize(side: 8) { throw CancellationError() }
    #expect(throws: CancellationError.self) { try model.decode(.zeros([1, 4, 4, 4]), strips: size) }
    #expect(throws: CancellationError.self) { _ = try model.encode(.zeros([1, 3, 32, 32]), strips: size) }
  }

  @Test func samplesWithTheDeviationItPredicts() {
    // Channel 0 holds means; channel 1 logarithms of variances, the last two beyond the range that is kept.
    let moments = Tensor(shape: [1, 2, 2, 2], values: [1, 2, 3, 4, 0, 2, -100, 100])
    let sample = DiagonalGaussian(moments: moments).sample(noise: Tensor(repeating: 1, shape: [1, 1, 2, 2]))
    let expected = Tensor(shape: [1, 1, 2, 2], values: [2, 4.7182818, 3.0000003, 22030.466])
    expectClose(sample, expected, within: 1e-6, "sample")
  }

  @Test func refusesShapesItCannotTake() throws {
    let model = try Model(path: Fixture("sd1-tiny").modelPath).vae()
    #expect(throws: ModelError("the latent is [1, 3, 8, 8]; the VAE takes [n, 4, h, w]")) {
      try model.decode(.zeros([1, 3, 8, 8]))
    }
    #expect(throws: ModelError("the image is [1, 4, 8, 8]; the VAE takes [n, 3, h, w]")) {
      _ = try model.encode(.zeros([1, 4, 8, 8]))
    }
    #expect(throws: ModelError("the image is 20 wide and 16 high; the VAE takes multiples of 8")) {
      _ = try model.encode(.zeros([1, 3, 16, 20]))
    }
  }
}

private func seeded(_ name: String, _ shape: [Int]) -> Tensor { SeededTensor(name, shape, scale: 1.5).tensor }
