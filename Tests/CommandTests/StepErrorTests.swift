import Foundation
import Testing

/// Steps that do not follow from what is wired to them: the whole message, at the line of the workflow.
struct StepErrorTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    /// The lines after those of `head`; the last one is the node `a`, the target.
    let nodes: String
    /// What standard error is to hold, with a caret at the port's value, or at the node.
    let errors: String
    /// 2 for what is found when the run is planned, 1 for what only its values can tell.
    let status: Int32

    init(
      _ description: String, _ nodes: String, at port: String? = nil, message: String, notes: [String] = [],
      status: Int32 = 2
    ) {
      (testDescription, self.status) = (description, status)
      let lines = nodes.split(separator: "\n").map { "  \($0)" }
      self.nodes = lines.map { $0 + "\n" }.joined()
      let (number, line) = (StepErrorTests.head.split(separator: "\n").count + lines.count, lines[lines.count - 1])
      let before = port.map { line.prefix(upTo: line.firstRange(of: "\($0): ")?.upperBound ?? line.endIndex) } ?? "  "
      let type = line.split(separator: ": ")[2].prefix { $0 != "," }
      errors = """
        g.yaml:\(number):\(before.count + 1): error: node 'a' (\(type)): \(message)
          \(number) | \(line)
             | \(String(repeating: " ", count: before.count))^

        """ + notes.map { "     = \($0)\n" }.joined()
    }
  }

  /// Nine lines: a model, pure noise, and the first LMS step of a schedule of 5 steps.
  fileprivate static let head = """
    stepgraph: 1
    nodes:
      model: {node: LoadModel, with: {path: \(Repository.fixtures.path)/sd2-tiny/model}}
      text:  {node: TextEncode, in: {clip: model.clip}, with: {text: x}}
      z:     {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16, seed: 3}}
      k:     {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: k}}
      e0:    {node: UNetPredict, in: {unet: model.unet, latent: z, conditioning: text, schedule: k}, with: {step: 0}}
      lms0:  {node: LMSStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0}}
      e1:    {node: UNetPredict, in: {unet: model.unet, latent: lms0.latent, conditioning: text, schedule: k}, with: {step: 1}}

    """

  private static let levels = "levels go from 0, pure noise, to 1, clean"

  static let cases = [
    Case(
      "no history",
      "a: {node: LMSStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 1}}",
      message: "step 1 of LMS needs the history of the step before",
      notes: ["wire the previous step's 'history', or set 'begin: 1' to start the method afresh here"]),
    Case(
      "another method's history",
      "a: {node: DEISStep, in: {latent: lms0.latent, noise: e1, schedule: k, history: lms0.history}, with: {step: 1}}",
      at: "history", message: "the history is that of LMS; DEIS keeps another"),
    Case(
      "a latent of another step",
      "a: {node: EulerStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 2}}",
      at: "latent",
      message:
        "the latent is at level 0.159816, where step 1 of 'k' (k, 5 steps) starts, but step 2 of 'k' (k, 5 steps) starts at "
        + "level 0.422881",
      notes: [levels, "that is the level of step 1 of 'k'"]),
    Case(
      "a history of another step",
      """
      b: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16}}
      c: {node: AddNoise, in: {latent: b, schedule: k}, with: {step: 2}}
      a: {node: LMSStep, in: {latent: c, noise: e0, schedule: k, history: lms0.history}, with: {step: 2}}
      """,
      at: "history",
      message:
        "the history is at level 0.159816, where step 1 of 'k' (lms, 5 steps) starts, but step 2 of 'k' (lms, 5 steps) starts "
        + "at level 0.422881",
      notes: [levels, "that is the level of step 1 of 'k'"]),
    Case(
      "a latent of another schedule",
      """
      d: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: dpm, spacing: leading}}
      a: {node: DPMSolverStep, in: {latent: lms0.latent, noise: e1, schedule: d}, with: {step: 1, begin: 1}}
      """,
      at: "latent",
      message:
        "the latent is at level 0.159816, where step 1 of 'k' (lms, 5 steps) starts, but step 1 of 'd' (dpm, 5 steps, spacing "
        + "leading) starts at level 0.105805",
      notes: [
        levels,
        "wire 'k' into 'after' of 'd' to go on from there, or spread both alike, as 'spacing: trailing' does in most "
          + "conventions",
      ]),
    Case(
      "pure noise for a schedule that begins with less",
      """
      t: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: k, spacing: trailing}}
      a: {node: EulerStep, in: {latent: z, noise: e0, schedule: t}, with: {step: 0}}
      """,
      at: "latent",
      message:
        "the latent is at level 0, pure noise, but step 0 of 't' (k, 5 steps, spacing trailing) starts at level 0.00466",
      notes: [
        levels,
        "leave out the seed of the EmptyLatent and add the noise with AddNoise, step 0; or set 'spacing: leading', which "
          + "starts from pure noise",
      ]),
    Case(
      "pure noise in the middle",
      "a: {node: EulerStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 2}}",
      at: "latent",
      message: "the latent is at level 0, pure noise, but step 2 of 'k' (k, 5 steps) starts at level 0.422881",
      notes: [
        levels,
        "to begin at step 2, leave out the seed of the EmptyLatent, or encode a picture, and add the noise with AddNoise, "
          + "step 2",
      ]),
    Case(
      "a clean latent",
      """
      b: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16}}
      a: {node: EulerStep, in: {latent: b, noise: e0, schedule: k}, with: {step: 2}}
      """,
      at: "latent", message: "the latent is at level 1, clean, but step 2 of 'k' (k, 5 steps) starts at level 0.422881",
      notes: [levels, "AddNoise, step 2, brings a clean latent to this level"]),
    Case(
      "noise on noise",
      "a: {node: AddNoise, in: {latent: z, schedule: k}, with: {step: 0}}",
      at: "latent", message: "the latent is pure noise already, at level 0; a clean one, at level 1, was expected",
      notes: ["leave out the seed of the EmptyLatent"]),
    Case(
      "noise on a noisy latent",
      "a: {node: AddNoise, in: {latent: lms0.latent, schedule: k}, with: {step: 0}}",
      at: "latent", message: "the latent is noisy already, at level 0.159816; a clean one, at level 1, was expected"),
    Case(
      "two levels to go between",
      "a: {node: Slerp, in: {from: z, to: lms0.latent}, with: {amount: 0.5}}",
      at: "to", message: "'to' is at level 0.159816, but 'from' is at level 0", notes: [levels]),
    Case(
      "a history of another shape",
      """
      b: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16, batch: 2}}
      c: {node: AddNoise, in: {latent: b, schedule: k}, with: {step: 1}}
      e: {node: UNetPredict, in: {unet: model.unet, latent: c, conditioning: text, schedule: k}, with: {step: 1}}
      a: {node: LMSStep, in: {latent: c, noise: e, schedule: k, history: lms0.history}, with: {step: 1}}
      """,
      at: "history", message: "the history is of latents [1, 4, 4, 4], but the latent is [2, 4, 4, 4]", status: 1),
    Case(
      "a step before the beginning",
      "a: {node: LMSStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 1, begin: 2}}",
      at: "begin", message: "step is 1, but the method begins at step 2"),
    Case(
      "a step out of range",
      "a: {node: EulerStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 5}}",
      at: "step", message: "step is 5, but 'k' has the steps 0 to 4"),
    Case(
      "a schedule of one evaluation a step for a method of two",
      "a: {node: HeunStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0}}",
      at: "schedule", message: "the schedule's convention is 'lms', which Heun cannot follow",
      notes: ["set 'convention: heun' on its NoiseSchedule"]),
    Case(
      "a schedule of two evaluations a step for a method of one",
      """
      h: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: heun}}
      a: {node: EulerStep, in: {latent: z, noise: e0, schedule: h}, with: {step: 0}}
      """,
      at: "schedule", message: "the schedule's convention is 'heun', which Euler cannot follow",
      notes: ["expected ddim, ddpm, k, euler_ancestral, lms, dpm, dpm_singlestep, unipc, deis, lcm, tcd"]),
    Case(
      "a schedule without the levels of training for TCD",
      "a: {node: TCDStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0}}",
      at: "schedule", message: "the schedule's convention is 'lms', which TCD cannot follow",
      notes: ["set 'convention: tcd' on its NoiseSchedule"]),
    Case(
      "a second evaluation without the first's history",
      """
      h: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: heun}}
      a: {node: HeunStep, in: {latent: lms0.latent, noise: e1, schedule: h}, with: {step: 1}}
      """,
      message: "step 1 is the second evaluation of a step of Heun and needs the history of the first",
      notes: ["wire the 'history' of step 0"]),
    Case(
      "PLMS without its second evaluation",
      """
      p: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: plms}}
      b: {node: PLMSStep, in: {latent: z, noise: e0, schedule: p}, with: {step: 0}}
      a: {node: PLMSStep, in: {latent: b.latent, noise: e0, schedule: p, history: b.history}, with: {step: 2}}
      """,
      at: "history", message: "step 2 was given the history of step 0, whose step evaluation 1 takes again first"),
    Case(
      "PLMS that begins at its second evaluation",
      """
      p: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: plms}}
      a: {node: PLMSStep, in: {latent: lms0.latent, noise: e1, schedule: p}, with: {step: 1, begin: 1}}
      """,
      at: "begin", message: "evaluation 1 of PLMS takes the first step again",
      notes: ["begin at 2, which starts at the same level"]),
    Case(
      "an order that the algorithm has not",
      "a: {node: DPMSolverStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0, algorithm: sde-dpmsolver, order: 3}}",
      at: "order", message: "sde-dpmsolver has orders 1 and 2; order is 3"),
  ]

  @Test(arguments: cases) func theMessageSaysWhatIsWrong(_ one: Case) throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.head + one.nodes, to: "g.yaml")
    let result = try stepgraph("run", "g.yaml", "--no-cache", "--quiet", "--target", "a")
    #expect(result.status == one.status)
    #expect(result.errors == one.errors)
  }
}
