import Tensors
import Testing

import DiffusionModels

@Suite struct UNet2DConditionModelTests {
  @Test(arguments: ["sd1-tiny", "sd2-tiny", "variant-tiny"])
  func matchesDiffusers(_ name: String) throws {
    let fixture = try Fixture(name)
    let model = try Model(path: fixture.modelPath).unet()
    let inputs = fixture.cases("unet.", ".latent")
    #expect(inputs.count == (name == "variant-tiny" ? 2 : 4))
    for input in inputs {
      let steps = fixture.cases("unet.\(input).t", ".output")
      #expect(steps.count == 3)
      for step in steps {
        let prediction = try model(
          latent: fixture.tensor("unet.\(input).latent"), timestep: #require(Double(step)),
          conditioning: fixture.tensor("unet.\(input).conditioning"))
        expectClose(prediction, try fixture.tensor("unet.\(input).t\(step).output"), "\(name) \(input) t = \(step)")
      }
    }
  }

  @Test func aSampleIsTheSameAloneAndInABatch() throws {
    let fixture = try Fixture("sd1-tiny")
    let model = try Model(path: fixture.modelPath).unet()
    let latent = try fixture.tensor("unet.2x6x9.latent")
    let conditioning = try fixture.tensor("unet.2x6x9.conditioning")
    let batch = try model(latent: latent, timestep: 981, conditioning: conditioning)
    for sample in 0..<2 {
      let alone = try model(
        latent: latent.sample(sample), timestep: 981, conditioning: conditioning.sample(sample))
      #expect(batch.sample(sample).values == alone.values)
    }
    let shared = try model(latent: latent, timestep: 981, conditioning: conditioning.sample(0))
    #expect(shared.sample(0).values == batch.sample(0).values)
  }

  @Test(arguments: [("sd1-tiny", "2x6x9"), ("sd2-tiny", "2x5x7")])
  func severalConditioningsInOnePassGiveWhatEachGivesAlone(_ name: String, _ input: String) throws {
    let fixture = try Fixture(name)
    let model = try Model(path: fixture.modelPath).unet()
    let latent = try fixture.tensor("unet.\(input).latent")
    let conditioning = try fixture.tensor("unet.\(input).conditioning")
    for samples in 1...2 {
      let latent = latent.samples(0..<samples)
      let conditionings = [conditioning.sample(0), conditioning.sample(1), conditioning.sample(0)]
      let together = try model(latent: latent, timestep: 981, conditionings: conditionings.map { UNetConditioning($0) })
      #expect(together[0] == together[2])
      for (prediction, conditioning) in zip(together, conditionings) {
        // A model of its own has nothing at hand from earlier passes.
        let other = try Model(path: fixture.modelPath).unet()
        #expect(try other(latent: latent, timestep: 981, conditioning: conditioning) == prediction)
        #expect(prediction.shape == latent.shape)
      }
    }
    let own = try model(
      latent: latent, timestep: 20, conditionings: [UNetConditioning(conditioning), UNetConditioning(conditioning)])
    #expect(try own == Array(repeating: model(latent: latent, timestep: 20, conditioning: conditioning), count: 2))
  }

  @Test func refusesShapesItCannotTake() throws {
    let model = try Model(path: Fixture("sd1-tiny").modelPath).unet()
    func run(_ latent: [Int], _ conditioning: [Int]) throws {
      _ = try model(latent: .zeros(latent), timestep: 1, conditioning: .zeros(conditioning))
    }
    #expect(throws: ModelError("the latent is [1, 3, 8, 8]; the UNet takes [n, 4, h, w]")) {
      try run([1, 3, 8, 8], [1, 77, 32])
    }
    #expect(throws: ModelError("the latent is [4, 8, 8]; the UNet takes [n, 4, h, w]")) {
      try run([4, 8, 8], [1, 77, 32])
    }
    #expect(throws: ModelError("the conditioning is [1, 77, 40]; the UNet takes [1, t, 32]")) {
      try run([1, 4, 8, 8], [1, 77, 40])
    }
    #expect(throws: ModelError("the conditioning is [2, 77, 32]; the UNet takes [1 or 3, t, 32]")) {
      try run([3, 4, 8, 8], [2, 77, 32])
    }
  }
}
