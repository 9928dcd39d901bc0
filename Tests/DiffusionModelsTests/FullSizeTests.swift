import Foundation
import Tensors
import Testing

import DiffusionModels

private let environment = ProcessInfo.processInfo.environment

/// Parity at a real model's size, with timings; off unless the environment names a model and its reference.
///
/// `Tests/Fixtures/make_full_size.py` says how to make them.
@Suite(.serialized, .enabled(if: environment["STEPGRAPH_FULL_SIZE_REFERENCE"] != nil))
struct FullSizeTests {
  private let folder: Model
  private let reference: Fixture

  init() throws {
    folder = try Model(path: #require(environment["STEPGRAPH_FULL_SIZE_MODEL"]))
    reference = try Fixture(referencePath: #require(environment["STEPGRAPH_FULL_SIZE_REFERENCE"]))
  }

  @Test func textEncoder() throws {
    let model = try timed("load text encoder") { try folder.clipEncoders()[0].model }
    let ids = try reference.ids("text.ids")
    let hidden = try timed("text encoder") { try model(ids) }
    expectClose(hidden, try reference.tensor("text.last_hidden_state"), within: 1e-3, "text encoder")
  }

  @Test func unet() throws {
    let model = try timed("load UNet") { try folder.unet() }
    let latent = try reference.tensor("unet.latent")
    let conditioning = try reference.tensor("unet.conditioning")
    let predict = { try model(latent: latent, timestep: 500, conditioning: conditioning) }
    var prediction = try timed("UNet", predict)
    for _ in 1..<3 { prediction = try timed("UNet", predict) }
    expectClose(prediction, try reference.tensor("unet.output"), within: 1e-3, "UNet")
  }

  @Test func vae() throws {
    let model = try timed("load VAE") { try folder.vae() }
    let latent = try reference.tensor("vae.latent")
    let image = try timed("VAE decode") { try model.decode(latent) }
    expectClose(image, try reference.tensor("vae.image"), within: 1e-3, "VAE decode")
    let pixels = try reference.tensor("vae.image")
    let distribution = try timed("VAE encode") { try model.encode(pixels) }
    expectClose(distribution.moments, try reference.tensor("vae.moments"), within: 1e-3, "VAE encode")
  }

  /// Prints how long `work` took, and the most memory the process has had.
  private func timed<Result>(_ name: String, _ work: () throws -> Result) rethrows -> Result {
    let clock = ContinuousClock()
    let (start, before) = (clock.now, usage())
    let result = try work()
    let (wall, after) = (clock.now - start, usage())
    print("\(name): \(wall), \(after.seconds - before.seconds) s of processor time, peak \(after.peakMegabytes) MB")
    return result
  }

  private func usage() -> (seconds: Double, peakMegabytes: Int) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let (user, system) = (usage.ru_utime, usage.ru_stime)
    let seconds = Double(user.tv_sec + system.tv_sec) + Double(user.tv_usec + system.tv_usec) / 1e6
    return (seconds, usage.ru_maxrss / 1024)
  }
}
