import Foundation
import Safetensors
import Testing

/// A scheduler config written for another class: each method follows the keys of its own, whose numbers
/// `Tests/Fixtures/schedules` has.
struct ClassKeyTests {
  /// The step that takes a schedule of the convention `k` decides which class it follows.
  @Test(arguments: [
    ("EulerAncestralStep", "euler_ancestral", #""use_karras_sigmas": true"#),
    ("EulerAncestralStep", "euler_ancestral", #""final_sigmas_type": "sigma_min""#),
    ("LMSStep", "lms", #""final_sigmas_type": "sigma_min""#),
    ("LMSStep", "lms", #""use_karras_sigmas": true, "sigma_min": 0.1, "sigma_max": 9.0"#),
    ("EulerStep", "k", #""use_karras_sigmas": true"#),
  ])
  func aScheduleIsOfTheMethodThatTakesIt(_ step: String, _ convention: String, _ keys: String) throws {
    let stepgraph = try Stepgraph()
    try stepgraph.copyModel("saved-tiny", to: "m")
    try stepgraph.folder.write(
      #"{"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1, \#(keys)}"#,
      to: "m/scheduler/scheduler_config.json")
    try stepgraph.folder.write(
      """
      stepgraph: 1
      nodes:
        model: {node: LoadModel, with: {path: m}}
        text: {node: TextEncode, in: {clip: model.clip}, with: {text: a}}
        z: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 8, height: 8, seed: 1}}
        implied: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 2, convention: k, spacing: leading}}
        named: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 2, convention: \(convention), spacing: leading}}
        e0: {node: UNetPredict, in: {unet: model.unet, latent: z, conditioning: text, schedule: implied}, with: {step: 0}}
        e1: {node: UNetPredict, in: {unet: model.unet, latent: z, conditioning: text, schedule: named}, with: {step: 0}}
        n0: {node: \(step), in: {latent: z, noise: e0, schedule: implied}, with: {step: 0}}
        n1: {node: \(step), in: {latent: z, noise: e1, schedule: named}, with: {step: 0}}
        s0: {node: SaveTensor, in: {tensor: n0.latent}, with: {path: implied.safetensors}}
        s1: {node: SaveTensor, in: {tensor: n1.latent}, with: {path: named.safetensors}}
      """, to: "g.yaml")
    let events = try stepgraph.run("g.yaml")
    #expect(try stepgraph.folder.contents("implied.safetensors") == stepgraph.folder.contents("named.safetensors"))
    // Named or not, it is one result.
    #expect(events.contains { $0.event == "finished" && $0.node == "n1" && $0.source == "shared" })
  }
}
