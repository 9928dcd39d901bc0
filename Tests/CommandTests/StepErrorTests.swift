import Foundation
import Testing

/// Steps that do not follow from what is wired to them: the whole message, at the line of the workflow.
struct StepErrorTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    /// The nodes after those of `head`; the last one is `a`, the target.
    let nodes: String
    let message: String
  }

  /// Nine lines: a model, pure noise, and the first LMS step of a schedule of 5 steps.
  private static let head = """
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

  static let cases = [
    Case(
      testDescription: "no history",
      nodes: "  a: {node: LMSStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 1}}",
      message: """
        g.yaml:10:3: error: node 'a' (LMSStep): step 1 of LMS needs the history of the step before
          10 |   a: {node: LMSStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 1}}
             |   ^
             = wire the previous step's 'history', or set 'begin: 1' to start the method afresh here

        """),
    Case(
      testDescription: "another method's history",
      nodes: """
          a: {node: DEISStep, in: {latent: lms0.latent, noise: e1, schedule: k, history: lms0.history}, with: {step: 1}}
        """,
      message: """
        g.yaml:10:82: error: node 'a' (DEISStep): the history is that of LMS; DEIS keeps another
          10 |   a: {node: DEISStep, in: {latent: lms0.latent, noise: e1, schedule: k, history: lms0.history}, with: {step: 1}}
             |                                                                                  ^

        """),
    Case(
      testDescription: "a latent of another step",
      nodes: "  a: {node: EulerStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 2}}",
      message: """
        g.yaml:10:37: error: node 'a' (EulerStep): the latent is at noise level 0.15981632452218927, but step 2 of the schedule starts at 0.42288131039759064
          10 |   a: {node: EulerStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 2}}
             |                                     ^
             = the latent is at the level of step 1 of this schedule

        """),
    Case(
      testDescription: "a history of another step",
      nodes: """
          b: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16}}
          c: {node: AddNoise, in: {latent: b, schedule: k}, with: {step: 2}}
          a: {node: LMSStep, in: {latent: c, noise: e0, schedule: k, history: lms0.history}, with: {step: 2}}
        """,
      message: """
        g.yaml:12:71: error: node 'a' (LMSStep): the history goes on at noise level 0.15981632452218927, but step 2 of the schedule starts at 0.42288131039759064
          12 |   a: {node: LMSStep, in: {latent: c, noise: e0, schedule: k, history: lms0.history}, with: {step: 2}}
             |                                                                       ^
             = that is the level of step 1 of this schedule

        """),
    Case(
      testDescription: "a history of another shape",
      nodes: """
          b: {node: EmptyLatent, in: {vae: model.vae}, with: {width: 16, height: 16, batch: 2}}
          c: {node: AddNoise, in: {latent: b, schedule: k}, with: {step: 1}}
          e: {node: UNetPredict, in: {unet: model.unet, latent: c, conditioning: text, schedule: k}, with: {step: 1}}
          a: {node: LMSStep, in: {latent: c, noise: e, schedule: k, history: lms0.history}, with: {step: 1}}
        """,
      message: """
        g.yaml:13:70: error: node 'a' (LMSStep): the history is of latents [1, 4, 4, 4], but the latent is [2, 4, 4, 4]
          13 |   a: {node: LMSStep, in: {latent: c, noise: e, schedule: k, history: lms0.history}, with: {step: 1}}
             |                                                                      ^

        """),
    Case(
      testDescription: "a step before the beginning",
      nodes: "  a: {node: LMSStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 1, begin: 2}}",
      message: """
        g.yaml:10:96: error: node 'a' (LMSStep): step is 1, but the method begins at step 2
          10 |   a: {node: LMSStep, in: {latent: lms0.latent, noise: e1, schedule: k}, with: {step: 1, begin: 2}}
             |                                                                                                ^

        """),
    Case(
      testDescription: "a step out of range",
      nodes: "  a: {node: EulerStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 5}}",
      message: """
        g.yaml:10:78: error: node 'a' (EulerStep): step is 5, but the schedule has 5 steps, 0 to 4
          10 |   a: {node: EulerStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 5}}
             |                                                                              ^

        """),
    Case(
      testDescription: "a schedule of one evaluation a step for a method of two",
      nodes: "  a: {node: HeunStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0}}",
      message: """
        g.yaml:10:60: error: node 'a' (HeunStep): the schedule's convention is 'k', which Heun cannot follow
          10 |   a: {node: HeunStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0}}
             |                                                            ^
             = set 'convention: heun' on its NoiseSchedule

        """),
    Case(
      testDescription: "a schedule of two evaluations a step for a method of one",
      nodes: """
          h: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: heun}}
          a: {node: EulerStep, in: {latent: z, noise: e0, schedule: h}, with: {step: 0}}
        """,
      message: """
        g.yaml:11:61: error: node 'a' (EulerStep): the schedule's convention is 'heun', which Euler cannot follow
          11 |   a: {node: EulerStep, in: {latent: z, noise: e0, schedule: h}, with: {step: 0}}
             |                                                             ^
             = expected ddim, ddpm, k, dpm, dpm_singlestep, unipc, deis, lcm, tcd

        """),
    Case(
      testDescription: "a schedule without the levels of training for TCD",
      nodes: "  a: {node: TCDStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0}}",
      message: """
        g.yaml:10:59: error: node 'a' (TCDStep): the schedule's convention is 'k', which TCD cannot follow
          10 |   a: {node: TCDStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0}}
             |                                                           ^
             = set 'convention: tcd' on its NoiseSchedule

        """),
    Case(
      testDescription: "a second evaluation without the first's history",
      nodes: """
          h: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: heun}}
          a: {node: HeunStep, in: {latent: lms0.latent, noise: e1, schedule: h}, with: {step: 1}}
        """,
      message: """
        g.yaml:11:3: error: node 'a' (HeunStep): step 1 is the second evaluation of a step of Heun and needs the history of the first
          11 |   a: {node: HeunStep, in: {latent: lms0.latent, noise: e1, schedule: h}, with: {step: 1}}
             |   ^
             = wire the 'history' of step 0

        """),
    Case(
      testDescription: "PLMS without its second evaluation",
      nodes: """
          p: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: plms}}
          b: {node: PLMSStep, in: {latent: z, noise: e0, schedule: p}, with: {step: 0}}
          a: {node: PLMSStep, in: {latent: b.latent, noise: e0, schedule: p, history: b.history}, with: {step: 2}}
        """,
      message: """
        g.yaml:12:79: error: node 'a' (PLMSStep): step 2 was given the history of step 0, whose step evaluation 1 takes again first
          12 |   a: {node: PLMSStep, in: {latent: b.latent, noise: e0, schedule: p, history: b.history}, with: {step: 2}}
             |                                                                               ^

        """),
    Case(
      testDescription: "PLMS that begins at its second evaluation",
      nodes: """
          p: {node: NoiseSchedule, in: {unet: model.unet}, with: {steps: 5, convention: plms}}
          a: {node: PLMSStep, in: {latent: lms0.latent, noise: e1, schedule: p}, with: {step: 1, begin: 1}}
        """,
      message: """
        g.yaml:11:97: error: node 'a' (PLMSStep): evaluation 1 of PLMS takes the first step again
          11 |   a: {node: PLMSStep, in: {latent: lms0.latent, noise: e1, schedule: p}, with: {step: 1, begin: 1}}
             |                                                                                                 ^
             = begin at 2, which starts at the same level

        """),
    Case(
      testDescription: "an order that the algorithm has not",
      nodes: """
          a: {node: DPMSolverStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0, algorithm: sde-dpmsolver, order: 3}}
        """,
      message: """
        g.yaml:10:118: error: node 'a' (DPMSolverStep): sde-dpmsolver has orders 1 and 2; order is 3
          10 |   a: {node: DPMSolverStep, in: {latent: z, noise: e0, schedule: k}, with: {step: 0, algorithm: sde-dpmsolver, order: 3}}
             |                                                                                                                      ^

        """),
  ]

  @Test(arguments: cases) func theMessageSaysWhatIsWrong(_ one: Case) throws {
    let stepgraph = try Stepgraph()
    try stepgraph.folder.write(Self.head + one.nodes + "\n", to: "g.yaml")
    let result = try stepgraph("run", "g.yaml", "--no-cache", "--quiet", "--target", "a")
    #expect(result.status == 1)
    #expect(result.errors == one.message)
  }
}
