import Tensors
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
